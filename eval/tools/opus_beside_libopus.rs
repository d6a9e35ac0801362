//! Decodes Opus with refrain's decoder and with libopus, packet by packet.
//!
//! `opus_beside_libopus compare [--lose PERCENT] [--least DECIBELS] FILE…` prints a JSON line for each file: how far the
//! error lies below the signal, how much the chroma differs, and which packets only one of the two refuses. `--lose` gives
//! both an empty packet in place of so many, which they conceal. It exits with 1 if a file is not as near as `--least`.
//!
//! `opus_beside_libopus time ours|libopus|nothing REPEATS FILE…` only decodes, for a count of instructions or of CPU.
//!
//! `opus_beside_libopus samples ours|libopus FILE` writes what one of them makes of each packet, as interleaved little-endian
//! floats.
use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::ptr;

use anyhow::{Context, bail, ensure};
use refrain::decode::Opus;
use refrain::extract::chunks::chunks;
use refrain::{Audio, CancelToken, params::CURRENT};
use symphonia::core::audio::{Audio as _, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::RegisterableAudioDecoder;
use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint, well_known::FORMAT_ID_ISOMP4};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

/// The longest packet, in samples at 48 kHz.
const LONGEST: usize = 5_760;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compare", ref rest @ ..] => compare(rest),
        ["time", which, repeats, ref files @ ..] => {
            for file in files {
                time(which, repeats.parse()?, &read(file)?)?;
            }
            Ok(())
        }
        ["samples", which, file] => samples(which, &read(file)?),
        _ => bail!(
            "usage: opus_beside_libopus compare [--lose PERCENT] [--least DECIBELS] FILE… | time WHICH REPEATS FILE… \
             | samples WHICH FILE"
        ),
    }
}

fn compare(mut args: &[&str]) -> anyhow::Result<()> {
    let (mut lose, mut least) = (0, f64::NEG_INFINITY);
    while let [option @ ("--lose" | "--least"), value, rest @ ..] = args {
        match *option {
            "--lose" => lose = value.parse()?,
            _ => least = value.parse()?,
        }
        args = rest;
    }
    let mut worst = f64::INFINITY;
    for file in args {
        let result = beside(&read(file)?, lose).with_context(|| (*file).to_owned())?;
        println!(
            "{}",
            serde_json::json!({
                "file": file, "lost_percent": lose, "channels": result.channels, "seconds": result.seconds,
                "decibels": result.decibels, "largest": result.largest, "chroma": result.chroma,
                "packets": result.packets, "refused_by_both": result.refused_by_both,
                "refused_by_one": result.refused_by_one, "kinds": result.kinds, "first_off": result.first_off,
            })
        );
        worst = worst.min(result.decibels);
    }
    ensure!(worst >= least, "an error is only {worst:.1} dB below the signal");
    Ok(())
}

/// The packets of an Opus track.
struct Track {
    params: AudioCodecParameters,
    packets: Vec<Packet>,
}

fn read(file: &str) -> anyhow::Result<Track> {
    let stream = MediaSourceStream::new(Box::new(File::open(file)?), MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let mut reader = symphonia::default::get_probe().probe(&Hint::new(), stream, format, metadata)?;
    let track = reader.default_track(TrackType::Audio).context("no audio track")?;
    let id = track.id;
    let params = track.codec_params.as_ref().and_then(|p| p.audio()).context("no audio codec")?;
    ensure!(params.codec == CODEC_ID_OPUS, "{file} is not Opus");
    ensure!(reader.format_info().format != FORMAT_ID_ISOMP4, "the header of MP4 is not read here");
    let params = params.clone();
    let mut packets = Vec::new();
    while let Ok(Some(mut packet)) = reader.next_packet() {
        if packet.track_id == id {
            (packet.trim_start, packet.trim_end) = Default::default();
            packets.push(packet);
        }
    }
    Ok(Track { params, packets })
}

fn ours(track: &Track) -> anyhow::Result<Box<dyn AudioDecoder>> {
    Ok(Opus::try_registry_new(&track.params, &AudioDecoderOptions::default())?)
}

/// libopus with the channels of a track.
struct Libopus {
    decoder: *mut opusic_sys::OpusMSDecoder,
    channels: usize,
    /// Interleaved.
    samples: Vec<f32>,
    last: usize,
}

impl Libopus {
    fn new(track: &Track) -> anyhow::Result<Libopus> {
        let head = track.params.extra_data.as_deref().context("no header")?;
        let channels = i32::from(head[9]);
        let (streams, coupled, mapping) = match head[18] {
            0 => (1, channels - 1, vec![0, 1]),
            _ => (head[19].into(), head[20].into(), head[21..21 + usize::from(head[9])].to_vec()),
        };
        let mut error = 0;
        // SAFETY: `mapping` has an entry for each channel, and libopus checks the numbers.
        let decoder = unsafe {
            opusic_sys::opus_multistream_decoder_create(
                48_000,
                channels,
                streams,
                coupled,
                mapping.as_ptr(),
                &mut error,
            )
        };
        ensure!(error == 0 && !decoder.is_null(), "libopus: {error}");
        let gain = i32::from(i16::from_le_bytes([head[16], head[17]]));
        // SAFETY: the decoder was just made, and this request takes one number.
        unsafe { opusic_sys::opus_multistream_decoder_ctl(decoder, opusic_sys::OPUS_SET_GAIN_REQUEST, gain) };
        let channels = usize::from(head[9]);
        Ok(Libopus { decoder, channels, samples: vec![0.0; LONGEST * channels], last: 960 })
    }

    /// The packet's samples, interleaved; nothing if it is refused.
    fn decode(&mut self, data: &[u8]) -> Option<&[f32]> {
        let (start, room) = if data.is_empty() { (ptr::null(), self.last) } else { (data.as_ptr(), LONGEST) };
        // SAFETY: `samples` has room for `LONGEST` samples of each channel, and `room` is at most that; `data` has as many
        // bytes as is said.
        let made = unsafe {
            opusic_sys::opus_multistream_decode_float(
                self.decoder,
                start,
                data.len() as i32,
                self.samples.as_mut_ptr(),
                room as i32,
                0,
            )
        };
        self.last = usize::try_from(made).ok()?;
        Some(&self.samples[..self.last * self.channels])
    }
}

impl Drop for Libopus {
    fn drop(&mut self) {
        // SAFETY: it is not used afterwards.
        unsafe { opusic_sys::opus_multistream_decoder_destroy(self.decoder) }
    }
}

/// Fills `interleaved` with what was decoded last.
fn last(decoder: &dyn AudioDecoder, interleaved: &mut Vec<f32>) {
    interleaved.clear();
    let GenericAudioBufferRef::F32(buffer) = decoder.last_decoded() else { return };
    let channels = buffer.num_planes();
    interleaved.resize(buffer.frames() * channels, 0.0);
    for (channel, plane) in (0..channels).filter_map(|c| Some((c, buffer.plane(c)?))) {
        for (frame, &x) in interleaved.chunks_exact_mut(channels).zip(plane) {
            frame[channel] = x;
        }
    }
}

fn samples(which: &str, track: &Track) -> anyhow::Result<()> {
    let (mut ours, mut libopus, mut interleaved) = (ours(track)?, Libopus::new(track)?, Vec::new());
    let mut out = std::io::stdout().lock();
    for packet in &track.packets {
        let samples = if which == "ours" {
            let _ = ours.decode(packet);
            last(&*ours, &mut interleaved);
            &interleaved[..]
        } else {
            libopus.decode(&packet.data).unwrap_or_default()
        };
        for x in samples {
            out.write_all(&x.to_le_bytes())?;
        }
    }
    Ok(())
}

struct Result {
    channels: usize,
    seconds: f64,
    decibels: f64,
    largest: f32,
    chroma: f32,
    packets: usize,
    refused_by_both: usize,
    refused_by_one: usize,
    /// The first packet in which the error is less than 60 dB below the signal.
    first_off: Option<usize>,
    /// How many packets have which first byte, without the channels: mode, bandwidth, frame size, number of frames.
    kinds: BTreeMap<u8, usize>,
}

fn beside(track: &Track, lose: usize) -> anyhow::Result<Result> {
    let (mut ours, mut libopus) = (ours(track)?, Libopus::new(track)?);
    let channels = libopus.channels;
    let (mut all_ours, mut all_theirs, mut interleaved) = (Vec::new(), Vec::new(), Vec::new());
    let mut first_off = None;
    let (mut refused_by_both, mut refused_by_one, mut kinds) = (0, 0, BTreeMap::new());
    // Numbers without a pattern, the same in each run.
    let mut random = 12_345_u64;
    for (number, packet) in track.packets.iter().enumerate() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut packet = packet.clone();
        if (random >> 33) % 100 < lose as u64 {
            packet.data = Box::default();
        }
        *kinds.entry(packet.data.first().map_or(0, |toc| toc & !4)).or_default() += 1;
        let theirs = libopus.decode(&packet.data);
        let good = ours.decode(&packet).is_ok();
        last(&*ours, &mut interleaved);
        ensure!(interleaved.len() % channels == 0, "another number of channels");
        match theirs {
            None if !good => refused_by_both += 1,
            Some(theirs) if good && theirs.len() == interleaved.len() => {
                if apart(&interleaved, theirs) < 60.0 {
                    first_off.get_or_insert(number);
                }
                all_ours.extend_from_slice(&interleaved);
                all_theirs.extend_from_slice(theirs);
            }
            theirs => {
                refused_by_one += 1;
                let theirs = theirs.unwrap_or_default();
                let len = theirs.len().max(interleaved.len());
                let padded = |samples: &[f32], all: &mut Vec<f32>| {
                    all.extend_from_slice(samples);
                    all.resize(all.len() + len - samples.len(), 0.0);
                };
                padded(&interleaved, &mut all_ours);
                padded(theirs, &mut all_theirs);
            }
        }
    }
    let largest = all_ours.iter().zip(&all_theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    ensure!(largest.is_finite(), "not a number");
    let (a, b) = (chroma(&all_ours, channels)?, chroma(&all_theirs, channels)?);
    ensure!(a.len() == b.len(), "another number of frames");
    Ok(Result {
        channels,
        seconds: all_theirs.len() as f64 / channels as f64 / 48_000.0,
        decibels: apart(&all_ours, &all_theirs),
        largest,
        chroma: a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max),
        packets: track.packets.len(),
        refused_by_both,
        refused_by_one,
        first_off,
        kinds,
    })
}

/// How far the error lies below the signal, in decibels. A signal of less than -100 dB of full scale counts as that.
fn apart(ours: &[f32], theirs: &[f32]) -> f64 {
    let (mut signal, mut error) = (1e-10 * theirs.len() as f64, 0.0);
    for (&a, &b) in ours.iter().zip(theirs) {
        signal += f64::from(b).powi(2);
        error += (f64::from(a) - f64::from(b)).powi(2);
    }
    // Identical samples are as near as double precision can say.
    if error == 0.0 { 300.0 } else { 10.0 * (signal / error).log10() }
}

fn chroma(samples: &[f32], channels: usize) -> anyhow::Result<Vec<f32>> {
    let mut source = Audio::interleaved(samples, channels.try_into()?, 48_000).open()?;
    let mut all = Vec::new();
    chunks(&mut *source, &CURRENT, 1 << 20, &CancelToken::new(), |chunk| {
        all.extend_from_slice(&chunk.chroma);
        Ok(())
    })?;
    Ok(all)
}

fn time(which: &str, repeats: usize, track: &Track) -> anyhow::Result<()> {
    for _ in 0..repeats {
        match which {
            "ours" => {
                let mut ours = ours(track)?;
                for packet in &track.packets {
                    let _ = black_box(ours.decode(packet));
                }
            }
            "libopus" => {
                let mut libopus = Libopus::new(track)?;
                for packet in &track.packets {
                    black_box(libopus.decode(&packet.data));
                }
            }
            "nothing" => {}
            other => bail!("{other} is neither ours, libopus nor nothing"),
        }
    }
    Ok(())
}
