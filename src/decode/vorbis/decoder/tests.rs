//! The decoder against the specification's own words, and against anything.
use super::super::packets_of_fixture;
use super::*;

fn decoder(packets: &[Vec<u8>]) -> Decoder {
    Decoder::new(&[&packets[0][..], &packets[2]].concat()).expect("the headers")
}

/// The fixtures, of two channels and of six.
const FILES: [&str; 2] = ["vorbis.ogg", "surround.ogg"];

#[test]
fn a_part_has_every_steps_sample_of_the_lower_lines() {
    for name in FILES {
        let packets = packets_of_fixture(name);
        for step in [2, 4, 8] {
            let (mut full, mut part) = (decoder(&packets), decoder(&packets));
            part.reduce(step);
            let (mut samples, mut loudest) = (0, 0.0f32);
            for packet in &packets[3..] {
                // The full decoder with the lines above left out.
                let mut buffer = Packet::default();
                buffer.fill(packet);
                let kind = full.block(&mut buffer.bits()).expect("a block");
                for channel in &mut full.channels {
                    channel.lines[full.setup.lines[kind] / step..].fill(0.0);
                }
                full.synthesise(kind);
                let part = part.decode(packet).expect("a block");
                for (full, part) in full.planes.iter().zip(part) {
                    assert_eq!(full.len(), part.len() * step);
                    for (x, y) in full.iter().step_by(step).zip(part) {
                        assert!((x - y).abs() < 2e-6, "{name} at {step}: {x} and {y}");
                        loudest = loudest.max(y.abs());
                    }
                    samples += part.len();
                }
            }
            assert!(samples * step > 66_000 && loudest > 0.2);
        }
    }
}

#[test]
fn blocks_of_both_sizes_overlap_as_the_specification_says() {
    let mut random = fastrand::Rng::with_seed(4);
    let lines = [64, 256];
    let order = [1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0];
    for step in [1, 2, 4, 8] {
        let synthesis = Synthesis::new(lines, step);
        // Of twice as many values as lines; their own windows follow.
        let blocks: Vec<Vec<f32>> = order
            .iter()
            .map(|&kind| (0..2 * lines[kind] / step).map(|_| random.f32() - 0.5).collect())
            .collect();
        let mut fast = Vec::new();
        for (i, pair) in order.windows(2).enumerate() {
            let before = &blocks[i][lines[pair[0]] / step..];
            let now = &blocks[i + 1][..lines[pair[1]] / step];
            join(before, now, &synthesis.slopes[pair[0].min(pair[1])], &mut fast);
        }
        // From the middle of the first block on.
        let mut slow = vec![0.0f64; 4 * fast.len()];
        let mut middle = 0;
        for (i, &kind) in order.iter().enumerate() {
            let size = 2 * lines[kind];
            if i > 0 {
                middle += (2 * lines[order[i - 1]] + size) / 4;
            }
            let slope = |other: Option<&usize>| 2 * lines[kind.min(*other.unwrap_or(&kind))] / 2;
            let (left, right) = (slope(i.checked_sub(1).and_then(|i| order.get(i))), slope(order.get(i + 1)));
            let (begins, ends) = (size / 4 - left / 2, size * 3 / 4 - right / 2);
            let sine = |n: f64, len: usize| {
                let inner = (std::f64::consts::FRAC_PI_2 * (n + 0.5) / len as f64).sin().powi(2);
                (std::f64::consts::FRAC_PI_2 * inner).sin()
            };
            for n in (0..size).step_by(step) {
                let window = if n < begins || n >= ends + right {
                    0.0
                } else if n < begins + left {
                    sine((n - begins) as f64, left)
                } else if n < ends {
                    1.0
                } else {
                    sine((right - 1 - (n - ends)) as f64, right)
                };
                if let Some(place) = (middle + n).checked_sub(size / 2) {
                    slow[place / step] += window * f64::from(blocks[i][n / step]);
                }
            }
        }
        assert_eq!(fast.len(), middle / step);
        for (n, (&x, y)) in fast.iter().zip(&slow).enumerate() {
            assert!((f64::from(x) - y).abs() < 1e-6, "{n} at {step}: {x} and {y}");
        }
    }
}

#[test]
fn magnitude_and_angle_in_every_direction() {
    let (mut magnitude, mut angle) =
        ([3.0, 3.0, -3.0, -3.0, 0.0, 0.0, 2.0], [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 0.0]);
    uncouple(&mut magnitude, &mut angle);
    assert_eq!(magnitude, [3.0, 2.0, -3.0, -2.0, 0.0, 1.0, 2.0]);
    assert_eq!(angle, [2.0, 3.0, -2.0, -3.0, 1.0, 0.0, 2.0]);
}

#[test]
fn cut_packets_keep_what_was_before() {
    let packets = packets_of_fixture("vorbis.ogg");
    let (mut decoder, mut cut) = (decoder(&packets), decoder(&packets));
    for packet in &packets[3..] {
        let len = decoder.decode(packet).expect("a block").first().map_or(0, Vec::len);
        // Of the first byte all is needed.
        for keep in [packet.len() / 2, packet.len() - 1] {
            let mut again = Decoder { before: cut.before, ..self::decoder(&packets) };
            for (to, from) in again.channels.iter_mut().zip(&cut.channels) {
                to.overlap.clone_from(&from.overlap);
            }
            let planes = again.decode(&packet[..keep.max(1)]).expect("part of a block");
            assert!(planes.iter().all(|plane| plane.len() == len && plane.iter().all(|x| x.is_finite())));
        }
        cut.decode(packet).expect("a block");
    }
}

#[test]
fn random_packets_and_headers_neither_panic_nor_last() {
    let mut random = fastrand::Rng::with_seed(6);
    for name in FILES {
        let packets = packets_of_fixture(name);
        for step in [1, 4] {
            let mut decoder = decoder(&packets);
            decoder.reduce(step);
            for _ in 0..600 {
                let mut packet: Vec<u8> = (0..random.usize(1..400)).map(|_| random.u8(..)).collect();
                packet[0] &= 0xfe;
                if let Ok(planes) = decoder.decode(&packet) {
                    assert!(planes.iter().all(|plane| plane.len() <= 4096));
                }
            }
        }
        for _ in 0..600 {
            let mut changed = packets.clone();
            for _ in 0..random.usize(1..4) {
                let header = &mut changed[if random.u8(..8) == 0 { 0 } else { 2 }];
                let place = random.usize(..header.len());
                header[place] ^= 1 << random.u8(..8);
            }
            let Ok(mut decoder) = Decoder::new(&[&changed[0][..], &changed[2]].concat()) else { continue };
            decoder.reduce([1, 2, 8][random.usize(..3)]);
            for packet in &packets[3..10] {
                if let Ok(planes) = decoder.decode(packet) {
                    assert!(planes.len() <= 255 && planes.iter().all(|plane| plane.len() <= 4096));
                }
            }
        }
    }
}

#[test]
fn headers_with_lengths_are_those_without() {
    let packets = packets_of_fixture("vorbis.ogg");
    let mut laced = vec![2, packets[0].len() as u8];
    laced.extend(vec![255; packets[1].len() / 255]);
    laced.push((packets[1].len() % 255) as u8);
    laced.extend(packets[..3].concat());
    let mut decoder = Decoder::new(&laced).expect("the headers");
    assert_eq!((decoder.original(), decoder.step(), decoder.channels.len()), (22_050, 1, 2));
    for packet in &packets[3..] {
        decoder.decode(packet).expect("a block");
    }
    for cut in [0, 1, 2, 5, 40, laced.len() - 1] {
        assert!(Decoder::new(&laced[..cut]).is_err(), "{cut}");
    }
}
