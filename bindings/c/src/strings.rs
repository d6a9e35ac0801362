//! Texts and lists that C reads.
use std::{
    ffi::{CString, c_char},
    path::Path,
    ptr,
};

/// A text for C. U+FFFD replaces a NUL inside it, which would end it.
pub(crate) fn c_string(text: String) -> CString {
    CString::new(text).unwrap_or_else(|error| {
        let text = String::from_utf8_lossy(&error.into_vec()).replace('\0', "\u{fffd}");
        CString::new(text).unwrap_or_default()
    })
}

/// A path for C: on Unix byte by byte, elsewhere UTF-8.
pub(crate) fn c_path(path: &Path) -> CString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        if let Ok(path) = CString::new(path.as_os_str().as_bytes()) {
            return path;
        }
    }
    c_string(path.to_string_lossy().into_owned())
}

/// Owns the texts and lists that plain structs point to.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    texts: Vec<*mut c_char>,
    lists: Vec<*mut [*const c_char]>,
    numbers: Vec<*mut [f64]>,
}

impl Strings {
    fn keep(&mut self, text: CString) -> *const c_char {
        let text = text.into_raw();
        self.texts.push(text);
        text
    }

    pub fn text(&mut self, text: &str) -> *const c_char {
        self.keep(c_string(text.to_owned()))
    }

    /// NULL for none.
    pub fn optional(&mut self, text: Option<&String>) -> *const c_char {
        text.map_or(ptr::null(), |text| self.text(text))
    }

    pub fn path(&mut self, path: &Path) -> *const c_char {
        self.keep(c_path(path))
    }

    /// A list of numbers; NULL for an empty one.
    pub fn numbers(&mut self, numbers: impl Iterator<Item = f64>) -> *const f64 {
        let numbers: Box<[f64]> = numbers.collect();
        if numbers.is_empty() {
            return ptr::null();
        }
        let numbers = Box::into_raw(numbers);
        self.numbers.push(numbers);
        numbers.cast()
    }

    /// A list of texts that this owns; NULL for an empty one.
    pub fn list(&mut self, list: Vec<*const c_char>) -> *const *const c_char {
        if list.is_empty() {
            return ptr::null();
        }
        let list = Box::into_raw(list.into_boxed_slice());
        self.lists.push(list);
        list.cast()
    }
}

impl Drop for Strings {
    fn drop(&mut self) {
        // SAFETY: each comes from `into_raw` above, and nobody else frees it.
        unsafe {
            self.texts.drain(..).for_each(|text| drop(CString::from_raw(text)));
            self.lists.drain(..).for_each(|list| drop(Box::from_raw(list)));
            self.numbers.drain(..).for_each(|numbers| drop(Box::from_raw(numbers)));
        }
    }
}
