//! A program's function that receives what happens during a call.
use std::fmt;

/// The function that a program passed to receive events, if it passed one.
pub(crate) struct Callback<'a, E>(Option<Box<dyn FnMut(E) + 'a>>);

impl<'a, E> Callback<'a, E> {
    pub fn new(function: impl FnMut(E) + 'a) -> Self {
        Self(Some(Box::new(function)))
    }

    /// Passes an event on.
    pub fn call(&mut self, event: E) {
        if let Some(function) = &mut self.0 {
            function(event);
        }
    }
}

impl<E> Default for Callback<'_, E> {
    fn default() -> Self {
        Self(None)
    }
}

impl<E> fmt::Debug for Callback<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Callback" } else { "None" })
    }
}
