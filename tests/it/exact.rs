//! Audio that changes within a file, and which part of a file is the recording.
use refrain::decode::Decoder;
use refrain::error::AudioError;

use super::decode::{Decoded, atom, bytes, decode, freeform, refusal, with_items};
use super::run::noise;

fn decoded(content: &[u8]) -> Decoded {
    decode(content).unwrap_or_else(|e| panic!("{e}"))
}

fn samples(content: &[u8]) -> Vec<f32> {
    decoded(content).samples
}

/// What lies between the parts of files that were put together.
fn between() -> [Vec<u8>; 4] {
    let id3 = [b"ID3\x04\0\0\0\0\x07\x68".as_slice(), &noise(1_000, 8)].concat();
    let id3v1 = [b"TAG".as_slice(), &[b' '; 125]].concat();
    [Vec::new(), id3, id3v1, noise(5_000, 9)]
}

#[test]
fn bare_audio_goes_on_in_another_form() {
    // Other rates, one channel, another layer, another codec.
    let parts =
        ["lame.mp3", "vbr.mp3", "mono.mp3", "lame.mp3", "layer2.mp2", "adts.aac", "mono.aac", "mono.mp3"];
    let rates = [22_050, 44_100, 22_050, 24_000, 22_050];
    for joint in between() {
        let content = parts.map(bytes).join(&joint[..]);
        let found = decoded(&content);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        assert_eq!(found.rates, rates);
        assert_eq!(found.samples.len(), parts.iter().map(|name| samples(&bytes(name)).len()).sum::<usize>());
        let expected = parts.iter().flat_map(|name| samples(&bytes(name)));
        let off = found.samples.iter().zip(expected).position(|(&a, b)| a != b);
        assert_eq!(off, None, "{} bytes between", joint.len());
    }
}

#[test]
fn mono_frames_before_stereo_are_no_obstacle() {
    // Frames of silence at 22,050 Hz.
    let silent = [&[0xff, 0xf3, 0x40, 0xc4][..], &[0; 100]].concat().repeat(10);
    let stereo = bytes("lame.mp3");
    let found = decoded(&[&silent, &stereo[..]].concat());
    assert_eq!(found.samples[..5_760], [0.0; 5_760]);
    assert_eq!(found.samples[5_760..], samples(&stereo));
}

#[test]
fn each_of_several_files_is_cut_to_its_recording() {
    for (name, rate) in [("lame.mp3", 22_050), ("vbr.mp3", 44_100), ("mono.mp3", 22_050)] {
        let one = samples(&bytes(name));
        assert_eq!(one.len(), rate * 3 / 2, "{name}");
        for joint in between() {
            let thrice = [bytes(name), bytes(name), bytes(name)].join(&joint[..]);
            assert!(samples(&thrice) == one.repeat(3), "{name}, {} bytes between", joint.len());
        }
    }
}

/// A frame of FLAC whose samples all have the same value of 16 bits.
fn flac_frame(rate: u32, channels: u8, value: i16, number: u8) -> Vec<u8> {
    let crc = |bytes: &[u8], polynomial: u32, bits: u32| {
        bytes.iter().fold(0_u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte) << (bits - 8), |crc, _| {
                let carry = if crc >> (bits - 1) & 1 == 1 { polynomial } else { 0 };
                (crc << 1 ^ carry) & ((1 << bits) - 1)
            })
        })
    };
    // 192 samples, the rate in hertz after the number, 16 bits.
    let [_, _, a, b] = rate.to_be_bytes();
    let mut frame = vec![0xff, 0xf8, 0x1d, (channels - 1) << 4 | 8, number, a, b];
    frame.push(crc(&frame, 0x07, 8) as u8);
    for _ in 0..channels {
        frame.push(0);
        frame.extend(value.to_be_bytes());
    }
    let sum = crc(&frame, 0x8005, 16) as u16;
    frame.extend(sum.to_be_bytes());
    frame
}

/// The beginning of a FLAC file.
fn flac_head(rate: u32, channels: u8) -> Vec<u8> {
    let packed = rate << 12 | u32::from(channels - 1) << 9 | 15 << 4;
    [b"fLaC\x80\0\0\x22\0\xc0\0\xc0\0\0\0\0\0\0".as_slice(), &packed.to_be_bytes(), &[0; 20]].concat()
}

#[test]
fn flac_goes_on_in_another_form() {
    let part = |rate, channels, value| {
        (0..40).flat_map(|number| flac_frame(rate, channels, value, number)).collect::<Vec<u8>>()
    };
    let forms = [(11_025, 1, 100), (8_000, 1, -200), (8_000, 2, 300), (48_000, 1, 400), (11_025, 1, 500)];
    let expected: Vec<f32> =
        forms.iter().flat_map(|&(.., value)| [value as f32 / 32_768.0; 40 * 192]).collect();
    let frames = forms.map(|(rate, channels, value)| part(rate, channels, i16::try_from(value).unwrap()));
    let files = [0, 1, 2, 3, 4].map(|i| [flac_head(forms[i].0, forms[i].1), frames[i].clone()].concat());
    let one = [flac_head(11_025, 1), frames.concat()].concat();
    let joined = between().map(|joint| files.join(&joint[..]));
    let tagged = [one.clone(), b"APETAGEX".to_vec(), noise(300, 3)].concat();
    for content in joined.into_iter().chain([one, tagged]) {
        let found = decoded(&content);
        assert_eq!(found.rates, [11_025, 8_000, 48_000, 11_025]);
        assert!(found.samples == expected);
    }
}

#[test]
fn flac_frames_without_a_checksum_are_left_out() {
    let frames: Vec<Vec<u8>> =
        (0..20).map(|number| flac_frame(8_000, 1, i16::from(number) + 1, number)).collect();
    let mut content = flac_head(8_000, 1);
    for (number, frame) in frames.iter().enumerate() {
        let start = content.len();
        content.extend(frame);
        if number % 5 == 2 {
            content[start + 9] ^= 1;
        }
    }
    let kept = (0..20).filter(|number| number % 5 != 2);
    let expected: Vec<f32> = kept.flat_map(|number| [(number + 1) as f32 / 32_768.0; 192]).collect();
    assert!(samples(&content) == expected);
}

/// An MP4 file whose table of contents comes last, with this list of edits: how long each lasts in units of which there
/// are `scale` a second, and where it begins in samples.
fn with_edits(scale: u32, edits: &[(u32, i32)], file: &[u8]) -> Vec<u8> {
    let mut out = file.to_vec();
    let place = |out: &[u8], name: &[u8]| out.windows(4).rposition(|w| w == name).expect("it is there");
    let header = place(&out, b"mvhd") + 16;
    out[header..header + 4].copy_from_slice(&scale.to_be_bytes());
    let old = place(&out, b"edts");
    let mut list = [[0; 4], (edits.len() as u32).to_be_bytes()].concat();
    for (lasts, begins) in edits {
        list.extend([lasts.to_be_bytes(), begins.to_be_bytes(), [0, 1, 0, 0]].concat());
    }
    let list = atom(b"edts", &atom(b"elst", &list));
    // The old list becomes an atom that nobody reads.
    out[old..old + 4].copy_from_slice(b"free");
    for name in [b"moov", b"trak"] {
        let at = place(&out, name) - 4;
        let size = u32::from_be_bytes(out[at..at + 4].try_into().unwrap());
        out[at..at + 4].copy_from_slice(&(size + list.len() as u32).to_be_bytes());
    }
    out.splice(old - 4..old - 4, list);
    out
}

#[test]
#[expect(clippy::single_range_in_vec_init, reason = "a list of ranges may have one")]
fn edit_lists_of_mp4_say_what_the_recording_is() {
    let file = bytes("aac.m4a");
    let all = samples(&with_edits(1_000, &[], &file));
    assert_eq!(all.len() % 1_024, 0);
    // As the encoder has written it: without its delay, 1.5 s.
    assert!(samples(&file) == all[1_024..1_024 + 33_075]);
    let second = 22_050;
    for (scale, edits, expected) in [
        (1_000, &[(1_500, 1_024)][..], vec![1_024..1_024 + 33_075]),
        // No length: to the end of the track.
        (1_000, &[(0, 1_024)], vec![1_024..34_099]),
        // The movie counts in its own units.
        (600, &[(300, 2_000)], vec![2_000..2_000 + second / 2]),
        (44_100, &[(44_100, 5)], vec![5..5 + second]),
        // A pause in front is no audio.
        (1_000, &[(700, -1), (1_000, 1_024)], vec![1_024..1_024 + second]),
        // Parts are left out.
        (
            1_000,
            &[(200, 1_024), (200, 9_000), (100, 20_000)],
            vec![1_024..5_434, 9_000..13_410, 20_000..22_205],
        ),
        // Only a pause: no list to go by.
        (1_000, &[(700, -1)], vec![0..all.len()]),
    ] {
        let expected: Vec<f32> = expected.into_iter().flat_map(|span| all[span].to_vec()).collect();
        let found = samples(&with_edits(scale, edits, &file));
        assert_eq!(found.len(), expected.len(), "{scale} {edits:?}");
        assert!(found == expected, "{scale} {edits:?}");
    }
}

/// An MP4 file with two tracks: one with an edit list, and the same without. The lowest bit of `flags` enables them.
fn with_two_tracks(flags: [u8; 2]) -> Vec<u8> {
    let mut file = bytes("aac.m4a");
    let place = |file: &[u8], name: &[u8]| file.windows(4).rposition(|w| w == name).expect("it is there");
    let size = |file: &[u8], at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    let (moov, track) = (place(&file, b"moov") - 4, place(&file, b"trak") - 4);
    let len = size(&file, track);
    let header = place(&file, b"tkhd") - track;
    let mut other = file[track..track + len as usize].to_vec();
    other[header + 19] = 2;
    let edits = place(&other, b"edts");
    other[edits..edits + 4].copy_from_slice(b"free");
    (file[track + header + 7], other[header + 7]) = (flags[0], flags[1]);
    let longer = size(&file, moov) + len;
    file[moov..moov + 4].copy_from_slice(&longer.to_be_bytes());
    let end = track + len as usize;
    file.splice(end..end, other);
    file
}

#[test]
fn a_disabled_track_of_mp4_is_played_only_if_there_is_no_other() {
    let first = samples(&bytes("aac.m4a"));
    let second = samples(&with_edits(1_000, &[], &bytes("aac.m4a")));
    assert_ne!(first.len(), second.len());
    for (flags, expected) in [([3, 3], &first), ([2, 3], &second), ([3, 2], &first), ([2, 2], &first)] {
        assert!(samples(&with_two_tracks(flags)) == *expected, "{flags:?}");
    }
}

#[test]
fn itunes_says_what_the_recording_is_where_no_edit_list_does() {
    let all = samples(&with_edits(1_000, &[], &bytes("aac.m4a")));
    let tag = |edits: &[(u32, i32)]| {
        let value = " 00000000 00000840 000001CA 0000000000005622 00000000 00000000";
        samples(&with_items(&[freeform("iTunSMPB", value)], &with_edits(1_000, edits, &bytes("aac.m4a"))))
    };
    assert!(tag(&[]) == all[0x840..0x840 + 22_050]);
    assert!(tag(&[(2_000, 0)]) == all[0x840..0x840 + 22_050]);
    assert!(tag(&[(500, 1_024)]) == all[1_024..1_024 + 11_025]);
}

#[test]
fn opus_is_cut_in_every_container() {
    for name in ["opus.opus", "opus.mp4", "opus.webm"] {
        let found = decoded(&bytes(name));
        assert!((found.seconds() - 1.5).abs() < 1e-9, "{name}: {} s", found.seconds());
    }
}

/// Checks that each channel plays what it should: channel c plays 220 Hz times c + 2 at a quarter of full scale.
fn channels_come_out_apart(name: &str, channels: usize, silent: &[usize]) {
    let path = super::run::fixture("formats").join(name);
    let mut decoder = Decoder::open(&path).unwrap().with_all_channels();
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while decoder.next_block(&mut block).unwrap().is_some() {
        samples.extend_from_slice(&block);
    }
    let span = &samples[channels * 4_410..channels * 26_460];
    let level = |channel: usize, tone: usize| {
        let (mut cos, mut sin) = (0.0, 0.0);
        for (i, frame) in span.chunks_exact(channels).enumerate() {
            let phase = std::f64::consts::TAU * 220.0 * (tone + 2) as f64 * i as f64 / 44_100.0;
            cos += f64::from(frame[channel]) * phase.cos();
            sin += f64::from(frame[channel]) * phase.sin();
        }
        2.0 * cos.hypot(sin) / 22_050.0
    };
    for channel in 0..channels {
        for tone in 0..channels {
            let expected = if channel == tone && !silent.contains(&channel) { 0.25 } else { 0.0 };
            let found = level(channel, tone);
            assert!((found - expected).abs() < 0.02, "{name}: channel {channel} has {found} of tone {tone}");
        }
    }
}

#[test]
fn channels_of_vorbis_come_out_apart() {
    // Two channels are coupled twice. The encoder leaves out what is not low in the channel for low frequencies.
    channels_come_out_apart("surround.ogg", 6, &[3]);
    // Each channel has an odd number of partitions.
    channels_come_out_apart("three.ogg", 3, &[]);
}

/// AAC in MP4 with another description of the same core.
fn with_config(config: [u8; 5]) -> Vec<u8> {
    let mut file = with_edits(1_000, &[], &bytes("aac.m4a"));
    let old = [0x13, 0x90, 0x56, 0xe5, 0x00];
    let at = file.windows(5).rposition(|w| w == old).expect("AAC-LC at 22,050 Hz");
    file[at..at + 5].copy_from_slice(&config);
    file
}

#[test]
fn he_aac_is_decoded_up_to_its_core() {
    let all = samples(&with_config([0x13, 0x90, 0x56, 0xe5, 0x00]));
    // As late as a decoder of the upper half makes it: SBR said before the core, SBR and PS, SBR said after it.
    for config in [[0x2b, 0x92, 0x08, 0, 0], [0xeb, 0x92, 0x08, 0, 0], [0x13, 0x90, 0x56, 0xe5, 0xa0]] {
        let found = samples(&with_config(config));
        assert_eq!(found.len(), all.len());
        assert_eq!(found[..481], [0.0; 481]);
        assert!(found[481..] == all[..all.len() - 481]);
    }
}

/// ADTS whose frames begin with an extension of this kind, of 12 more bits.
fn with_extension(kind: u8) -> Vec<u8> {
    let (file, mut out, mut at) = (bytes("adts.aac"), Vec::new(), 0);
    while at < file.len() {
        let len = usize::from(file[at + 3] & 3) << 11
            | usize::from(file[at + 4]) << 3
            | usize::from(file[at + 5] >> 5);
        // A fill element of two bytes.
        let head = 0b110_0010_u32 << 16 | u32::from(kind) << 12;
        let mut bits: Vec<bool> = (0..23).rev().map(|i| head >> i & 1 == 1).collect();
        let old = &file[at + 7..at + len];
        bits.extend(old.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1 == 1)));
        let body: Vec<u8> = bits
            .chunks(8)
            .map(|bits| bits.iter().enumerate().map(|(i, &bit)| u8::from(bit) << (7 - i)).sum())
            .collect();
        let new = body.len() + 7;
        let mut frame = file[at..at + 7].to_vec();
        frame[3] = frame[3] & 0xfc | (new >> 11) as u8;
        frame[4] = (new >> 3) as u8;
        frame[5] = frame[5] & 0x1f | (new << 5) as u8;
        out.extend([frame, body].concat());
        at += len;
    }
    out
}

#[test]
fn he_aac_that_only_its_frames_announce_begins_as_late() {
    let all = samples(&bytes("adts.aac"));
    // Padding.
    assert!(samples(&with_extension(1)) == all);
    // SBR, and SBR with a checksum.
    for kind in [13, 14] {
        let found = samples(&with_extension(kind));
        assert_eq!(found.len(), all.len());
        assert_eq!(found[..481], [0.0; 481]);
        assert!(found[481..] == all[..all.len() - 481]);
    }
}

#[test]
fn other_kinds_of_aac_are_named() {
    let main = || AudioError::Unsupported("AAC Main profile".to_owned());
    assert_eq!(refusal(&with_config([0x0b, 0x90, 0x56, 0xe5, 0])), main());
    // The kind stands in the header of each frame of ADTS.
    let mut adts = bytes("adts.aac");
    let mut at = 0;
    while at < adts.len() {
        adts[at + 2] &= 0x3f;
        at += usize::from(adts[at + 3] & 3) << 11
            | usize::from(adts[at + 4]) << 3
            | usize::from(adts[at + 5] >> 5);
    }
    assert_eq!(refusal(&adts), main());
}
