//! The microphone, or a monitor of what the machine plays.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, TrySendError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use cpal::{
    Device, Error, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, SupportedStreamConfig,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};

use super::{
    retry::Retry,
    source::{self, Note, Out, Piece},
};
use crate::{screen::near::near, wording};

/// How often the device is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// A device that has given less than this share of its samples for so long is opened again. Some stop without an error.
const ENOUGH: f64 = 0.5;
const WATCHED: Duration = Duration::from_secs(5);

/// An input, and what it is called.
struct Input {
    device: Device,
    name: String,
    is_default: bool,
}

/// The inputs of all sound systems, those of the usual one first.
fn inputs() -> Vec<Input> {
    let usual = cpal::default_host();
    let (usual_id, mut all) = (usual.id(), Vec::new());
    let others = cpal::available_hosts().into_iter().filter(|id| *id != usual_id);
    let hosts = std::iter::once(usual).chain(others.filter_map(|id| cpal::host_from_id(id).ok()));
    for host in hosts {
        let chosen = host.default_input_device().and_then(|device| device.id().ok());
        let Ok(devices) = host.input_devices() else { continue };
        for device in devices {
            let Ok(about) = device.description() else { continue };
            let is_default = host.id() == usual_id && chosen.is_some() && device.id().ok() == chosen;
            let name = wording::shown(format!("{about} [{}]", host.id().name()));
            all.push(Input { device, name, is_default });
        }
    }
    all
}

/// Prints the inputs.
pub fn list() -> anyhow::Result<()> {
    let inputs = inputs();
    if inputs.is_empty() {
        anyhow::bail!("there is no microphone or monitor");
    }
    for input in inputs {
        println!("{}{}", input.name, if input.is_default { " (default)" } else { "" });
    }
    Ok(())
}

/// The input whose name has `wanted` in it, or the default one.
fn chosen(wanted: Option<&str>) -> anyhow::Result<Input> {
    let Some(wanted) = wanted else {
        let device = cpal::default_host().default_input_device().context("there is no microphone")?;
        let name = device.description().map_or_else(|_| "microphone".to_owned(), |about| about.to_string());
        return Ok(Input { device, name: wording::shown(name), is_default: true });
    };
    let (mut all, lower) = (inputs(), wanted.to_lowercase());
    let exact = all.iter().position(|input| input.name == wanted);
    let at = exact.or_else(|| all.iter().position(|input| input.name.to_lowercase().contains(&lower)));
    let at = at.with_context(|| {
        format!("no input is called {}; `refrain listen --list-devices` lists them", near(wanted.as_ref()))
    })?;
    Ok(all.swap_remove(at))
}

/// Starts to listen to a device.
pub fn started(wanted: Option<&str>) -> anyhow::Result<Receiver<Piece>> {
    let wanted = wanted.map(str::to_owned);
    source::started("microphone", move |out| run(wanted.as_deref(), &out))
}

/// What the callbacks of a stream have seen.
#[derive(Default)]
struct Seen {
    samples: AtomicU64,
    lost: AtomicU64,
    is_broken: AtomicBool,
    is_unheard: AtomicBool,
}

/// Listens until the command ends. Opens the device again if it stops. Fails if it cannot be opened at first.
fn run(wanted: Option<&str>, out: &Out) {
    let (mut retry, mut is_first) = (Retry::default(), true);
    loop {
        let began = Instant::now();
        let why = match listen(wanted, out) {
            Ok(()) => return,
            Err(error) if is_first => {
                let _ = out.send(Piece::Failed(error.context("cannot listen to the microphone")));
                return;
            }
            Err(error) => wording::whole(&error),
        };
        is_first = false;
        let wait = retry.wait(began.elapsed());
        if out.send(Piece::Note(Note::Lost(why, wait.as_secs_f64()))).is_err() {
            return;
        }
        thread::sleep(wait);
    }
}

/// Listens to a device for as long as it works.
fn listen(wanted: Option<&str>, out: &Out) -> anyhow::Result<()> {
    let Input { device, name, .. } = chosen(wanted)?;
    let config = match device.default_input_config() {
        Ok(config) => config,
        // A monitor of an output may have only the output's.
        Err(error) => device.default_output_config().map_err(|_| error)?,
    };
    let seen = Arc::new(Seen::default());
    let stream = opened(&device, &config, &seen, out)?;
    stream.play()?;
    if out.send(Piece::Note(Note::Connected(name))).is_err() {
        return Ok(());
    }
    let each_second = f64::from(config.sample_rate()) * f64::from(config.channels());
    let (mut since, mut before, mut lost) = (Instant::now(), 0, 0);
    loop {
        thread::sleep(LOOK);
        if seen.is_unheard.load(Ordering::Relaxed) {
            return Ok(());
        }
        if seen.is_broken.load(Ordering::Relaxed) {
            anyhow::bail!("the sound device has failed");
        }
        if since.elapsed() < WATCHED {
            continue;
        }
        let now = seen.samples.load(Ordering::Relaxed);
        if ((now - before) as f64) < ENOUGH * each_second * since.elapsed().as_secs_f64() {
            anyhow::bail!("the sound device sends too few samples");
        }
        let all_lost = seen.lost.load(Ordering::Relaxed);
        if all_lost > lost {
            let seconds = (all_lost - lost) as f64 / each_second;
            let warning = format!("{seconds:.1} s of sound were left out, because this machine is too busy");
            if out.send(Piece::Note(Note::Warning(warning))).is_err() {
                return Ok(());
            }
        }
        (since, before, lost) = (Instant::now(), now, all_lost);
    }
}

/// Opens a device with its own buffer: other sizes make some sound systems late by many seconds.
fn opened(
    device: &Device,
    config: &SupportedStreamConfig,
    seen: &Arc<Seen>,
    out: &Out,
) -> anyhow::Result<Stream> {
    Ok(match config.sample_format() {
        SampleFormat::I8 => typed::<i8>(device, config, seen, out),
        SampleFormat::I16 => typed::<i16>(device, config, seen, out),
        SampleFormat::I32 => typed::<i32>(device, config, seen, out),
        SampleFormat::U8 => typed::<u8>(device, config, seen, out),
        SampleFormat::U16 => typed::<u16>(device, config, seen, out),
        SampleFormat::U32 => typed::<u32>(device, config, seen, out),
        SampleFormat::F64 => typed::<f64>(device, config, seen, out),
        _ => typed::<f32>(device, config, seen, out),
    }?)
}

fn typed<T: SizedSample + Send + 'static>(
    device: &Device,
    config: &SupportedStreamConfig,
    seen: &Arc<Seen>,
    out: &Out,
) -> Result<Stream, Error>
where
    f32: FromSample<T>,
{
    let (channels, rate) = (config.channels(), config.sample_rate());
    let (out, data, failed) = (out.clone(), Arc::clone(seen), Arc::clone(seen));
    let take = move |samples: &[T], _: &cpal::InputCallbackInfo| {
        data.samples.fetch_add(samples.len() as u64, Ordering::Relaxed);
        let samples: Vec<f32> = samples.iter().map(|sample| f32::from_sample(*sample)).collect();
        let count = samples.len() as u64;
        // The sound system cannot wait.
        match out.try_send(Piece::Sound { samples, channels, rate }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => drop(data.lost.fetch_add(count, Ordering::Relaxed)),
            Err(TrySendError::Disconnected(_)) => data.is_unheard.store(true, Ordering::Relaxed),
        }
    };
    let fails = move |error: Error| {
        // After these, sound goes on.
        let is_harmless =
            matches!(error.kind(), ErrorKind::DeviceChanged | ErrorKind::Xrun | ErrorKind::RealtimeDenied);
        if !is_harmless {
            failed.is_broken.store(true, Ordering::Relaxed);
        }
    };
    device.build_input_stream((*config).into(), take, fails, None)
}
