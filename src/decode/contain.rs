//! A panic inside a decoder is a bad file's fault: it becomes an error, and nothing of it reaches the terminal.
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside [`contained`], where the panic hook keeps quiet.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`; a panic in it becomes `Err` with the panic's message and is not printed.
///
/// The caller must not use what `f` was changing after an `Err`, save to drop it. Panics outside of this call, on this
/// thread or another, go to the hook that was there before.
pub(super) fn contained<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(outer);
    result.map_err(message)
}

/// What the panic said, without its place.
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
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(contained(|| 7), Ok(7));
        assert_eq!(contained(|| -> u8 { panic!("broken {}", "header") }), Err("broken header".to_owned()));
        assert_eq!(contained(|| -> u8 { panic::panic_any(3_u8) }), Err("panic".to_owned()));
    }

    #[test]
    fn the_hook_is_quiet_only_inside() {
        assert_eq!(contained(|| QUIET.get()), Ok(true));
        assert!(!QUIET.get());
        let nested = contained(|| {
            contained(|| -> () { panic!("inner") }).expect_err("it panics");
            QUIET.get()
        });
        assert_eq!(nested, Ok(true));
        assert!(!QUIET.get());
    }
}
