//! A panic inside a decoder is the fault of a bad file: it becomes an error.
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside [`catch_panic`].
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics that the library turns into errors off standard error, for the rest of the process.
///
/// A panic inside a decoder becomes [`AudioError::DecoderPanic`](crate::error::AudioError::DecoderPanic). But Rust calls
/// the process's panic hook first, which usually prints a message. The library leaves that hook alone, because it belongs to
/// the program. A program that does not want these messages calls this function once, after it has set a hook of its own.
/// The function puts a hook in front of the present one: it drops panics that a decoder is about to turn into an error,
/// and passes on all others. Further calls do nothing.
///
/// ```
/// # #[cfg(feature = "unstable")]
/// refrain::decode::silence_decoder_panics();
/// ```
pub fn silence_decoder_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
}

/// Runs `f`. A panic in it becomes `Err` with the panic's message.
///
/// After an `Err` the caller may only drop the values that `f` was changing.
pub(super) fn catch_panic<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    let outer = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    CATCHING.set(outer);
    result.map_err(message)
}

/// What the panic said, without its place in the source.
fn message(payload: Box<dyn Any + Send>) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "panic".to_owned(),
    };
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        assert_eq!(catch_panic(|| -> u8 { panic!("broken {}", "header") }), Err("broken header".to_owned()));
        assert_eq!(catch_panic(|| -> u8 { panic::panic_any(3_u8) }), Err("panic".to_owned()));
        assert_eq!(catch_panic(|| panic!("{}", "é".repeat(300))), Err::<(), _>("é".repeat(200)));
    }

    #[test]
    fn a_thread_knows_whether_it_is_inside() {
        assert_eq!(catch_panic(|| CATCHING.get()), Ok(true));
        assert!(!CATCHING.get());
        let nested = catch_panic(|| {
            catch_panic(|| -> () { panic!("inner") }).expect_err("it panics");
            CATCHING.get()
        });
        assert_eq!(nested, Ok(true));
        assert!(!CATCHING.get());
    }

    /// The hook belongs to the whole process, so that this runs in one of its own.
    #[test]
    fn the_hook_of_the_host_stays_until_it_asks() {
        const CHILD: &str = "REFRAIN_TEST_OF_THE_HOOK";
        if std::env::var_os(CHILD).is_none() {
            let name = "decode::catch_panic::tests::the_hook_of_the_host_stays_until_it_asks";
            let this = std::env::current_exe().expect("the tests are a file");
            let run = Command::new(this).args([name, "--exact"]).env(CHILD, "1").output().expect("it runs");
            let out = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success() && out.contains("1 passed"), "{run:?}");
            return;
        }
        static HEARD: Mutex<Vec<&str>> = Mutex::new(Vec::new());
        let heard = || std::mem::take(&mut *HEARD.lock().expect("no hook panics"));
        panic::set_hook(Box::new(|info| {
            let said = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("no text");
            HEARD.lock().expect("no hook panics").push(said);
        }));
        let both = || {
            catch_panic(|| panic!("inside")).expect_err("it panics");
            panic::catch_unwind(|| panic!("outside")).expect_err("it panics");
        };
        both();
        let before = heard();
        silence_decoder_panics();
        silence_decoder_panics();
        both();
        let after = heard();
        drop(panic::take_hook());
        assert_eq!((before, after), (vec!["inside", "outside"], vec!["outside"]));
    }
}
