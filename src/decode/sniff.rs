//! Recognises, by their first bytes, formats that refrain has no decoder for.
//!
//! The table names the demuxer of each format, because ffmpeg must never choose one itself: it has demuxers that open
//! other files and addresses (playlists, scripts, session descriptions). Formats that refrain decodes itself are not here.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::source::id3v2_len;
use crate::error::AudioError;

mod aac;
mod asf;
mod foreign;
mod mp4;
mod ogg;
mod sync;
mod wav_tag;

pub(super) use self::aac::aac_name;
use self::foreign::printable;
pub(crate) use self::foreign::{Foreign, Helper};

/// The bytes that are looked at of a file that is to be decoded.
const HEAD: u64 = 64 << 10;

/// The bytes that are looked at of each file in a folder.
pub(crate) const FIRST: usize = 8 << 10;

/// The format of these first bytes of a file, if refrain has no decoder for it.
pub(crate) fn sniff(head: &[u8]) -> Option<Foreign> {
    by_signature(head).or_else(|| ogg::sniff(head)).or_else(|| sync::sniff(head))
}

/// Looks at the beginning of `file`, after an ID3v2 tag if it has one.
pub(super) fn file(file: &mut File) -> io::Result<Option<Foreign>> {
    let tag = id3v2_len(file)?;
    let head = head(file, tag)?;
    Ok(sniff(&head))
}

/// Says what a refused file is, if refrain knows its container but not its codec. Returns `refusal` if it is none of these.
pub(super) fn named(mut file: File, refusal: AudioError) -> io::Result<Result<Foreign, AudioError>> {
    let why = match &refusal {
        AudioError::UnknownCodec(name) | AudioError::Unsupported(name) => Some(name.clone()),
        _ => None,
    };
    let is_codec = why.is_some() || refusal == AudioError::NoAudioTrack;
    let found = within_container(&mut file, why)?;
    Ok(found.filter(|foreign| is_codec || foreign.use_of == Helper::Protected).ok_or(refusal))
}

/// What a file is whose container refrain knows: `why` names the codec as far as the demuxer knows it.
fn within_container(file: &mut File, why: Option<String>) -> io::Result<Option<Foreign>> {
    let tag = id3v2_len(file)?;
    let head = head(file, tag)?;
    let Some(demuxer) = container(&head) else { return Ok(None) };
    let entry = match demuxer {
        "mov" => mp4::audio(file)?,
        "wav" if why.is_some() => wav_tag::codec(&head),
        "matroska" => matroska_codec(&head),
        _ => None,
    };
    let unnamed = why.map(|why| Foreign::new(why, Helper::Demuxer(demuxer)));
    Ok(match entry {
        // The container's own name for the codec says more than the words of a demuxer that does not know it.
        Some(Foreign { use_of: Helper::Protected, .. }) => entry,
        Some(named) if unnamed.as_ref().is_none_or(|f| !is_codec_name(&f.name)) => Some(named),
        _ => unnamed,
    })
}

/// Whether this is a name and not a sentence of a demuxer or a code.
fn is_codec_name(name: &str) -> bool {
    !name.contains(": ") && !name.contains('(') && name != "unknown" && !name.starts_with("code ")
}

fn head(file: &mut File, from: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(head)
}

/// ffmpeg's demuxer for a container that refrain knows.
fn container(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
    Some(match head {
        _ if at(4, b"ftyp") || at(4, b"moov") || at(4, b"mdat") || at(4, b"wide") || at(4, b"free") => "mov",
        _ if at(0, b"\x1a\x45\xdf\xa3") => "matroska",
        _ if at(0, b"OggS") => "ogg",
        _ if at(0, b"RIFF") && at(8, b"WAVE") => "wav",
        _ if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) => "aiff",
        _ if at(0, b"caff") => "caf",
        _ if at(0, b"fLaC") => "flac",
        [0xff, second, ..] if second & 0xf6 == 0xf0 => "aac",
        _ => return None,
    })
}

/// The name of the first audio codec in Matroska that is not refrain's. Its identifier is a text that begins with `A_`.
fn matroska_codec(head: &[u8]) -> Option<Foreign> {
    let texts =
        head.windows(4).enumerate().filter(|(_, w)| w[0] == 0x86 && w[1] & 0x80 != 0 && &w[2..] == b"A_");
    let codec = texts.map(|(at, w)| head.get(at + 2..at + 2 + usize::from(w[1] & 0x7f))).next()??;
    let codec = std::str::from_utf8(codec).ok()?.trim_end_matches('\0');
    let name = match codec.split('/').next().unwrap_or(codec) {
        "A_AC3" => "AC-3",
        "A_EAC3" => "E-AC-3",
        "A_DTS" => "DTS",
        "A_TRUEHD" | "A_MLP" => "TrueHD",
        "A_TTA1" => "TTA",
        "A_WAVPACK4" => "WavPack",
        "A_MPC" => "Musepack",
        "A_REAL" => "RealAudio",
        "A_MS" => "a codec of ACM",
        "A_QUICKTIME" => "a codec of QuickTime",
        _ => return Some(Foreign::new(printable(codec), Helper::Demuxer("matroska"))),
    };
    Some(Foreign::new(name, Helper::Demuxer("matroska")))
}

/// Formats that begin with a signature.
fn by_signature(head: &[u8]) -> Option<Foreign> {
    let at = |from: usize, bytes: &[u8]| head.get(from..from + bytes.len()) == Some(bytes);
    let u16_le = |from: usize| head.get(from..from + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let u32_le = |from: usize| head.get(from..from + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let within = |n: Option<u32>, range: std::ops::RangeInclusive<u32>| n.is_some_and(|n| range.contains(&n));
    let version = |from| u16_le(from).map(u32::from);
    let by = |name: &'static str, demuxer| Some(Foreign::new(name, Helper::Demuxer(demuxer)));
    match head.get(..4)? {
        b"wvpk" if within(version(8), 0x402..=0x4ff) => by("WavPack", "wv"),
        b"MAC " if within(version(4), 3000..=4999) => by("Monkey's Audio", "ape"),
        b"MACF" if within(version(4), 3000..=4999) => {
            Some(Foreign::new("Monkey's Audio of floating-point samples", Helper::Nobody))
        }
        b"TTA1" if within(version(4), 1..=3) => by("TTA", "tta"),
        b"TTA2" => Some(Foreign::new("TTA2", Helper::Nobody)),
        b"MPCK" => by("Musepack", "mpc8"),
        [b'M', b'P', b'+', version] if version & 15 == 7 => by("Musepack", "mpc"),
        b"\x30\x26\xb2\x75" => asf::sniff(head),
        b"DSD " if u32_le(4) == Some(28) => by("DSD", "dsf"),
        b"FRM8" if at(12, b"DSD ") => by("DSD", "iff"),
        b"#!AM" if at(0, b"#!AMR-WB\n") || at(0, b"#!AMR\n") => by("AMR", "amr"),
        b"RIFF" if at(8, b"AVI ") => by("AVI", "avi"),
        b"RIFF" if at(8, b"QLCM") => by("QCELP", "qcp"),
        b".RMF" if head.get(4) == Some(&0) => by("RealMedia", "rm"),
        b".ra\xfd" => by("RealAudio", "rm"),
        b"FLV\x01" => by("FLV", "flv"),
        b"tBaK" => by("TAK", "tak"),
        b"OFR " if within(u32_le(4), 1..=64) => Some(Foreign::new("OptimFROG", Helper::Nobody)),
        b"ajkg" if head.get(4).is_some_and(|&version| version <= 3) => by("Shorten", "shn"),
        b"Crea" if at(0, b"Creative Voice File\x1a") => by("VOC", "voc"),
        b"DTSH" if at(0, b"DTSHDHDR") => by("DTS-HD", "dtshd"),
        b"\0\0\x01\xba" => by("MPEG program stream", "mpeg"),
        b"EA3\x01" | b"ea3\x03" => by("ATRAC", "oma"),
        b"NIST" if at(0, b"NIST_1A\n") => by("NIST SPHERE", "nistsphere"),
        b"FORM" if at(8, b"8SVX") || at(8, b"16SV") => by("8SVX", "iff"),
        b"TWIN" if at(4, b"97012000") || at(4, b"00052200") => by("TwinVQ", "vqf"),
        b"\x06\x0e\x2b\x34" if at(4, b"\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02") => by("MXF", "mxf"),
        _ if at(4, b"\x57\x90\x75\x36") || at(4, b"ftypaax ") || at(4, b"ftypaaxc") => {
            Some(Foreign::new("Audible", Helper::Protected))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
