//! NumPy arrays as slices, and results as NumPy arrays, both without a copy.
use numpy::{Element, IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ndarray::Array2};
use pyo3::{exceptions::PyRuntimeError, prelude::*};

use crate::errors;

/// The samples of an array. An empty array counts as a single zero, because librosa returns one frame for it.
pub fn samples<'a>(py: Python<'_>, y: &'a PyReadonlyArray1<'_, f32>) -> PyResult<&'a [f32]> {
    match y.as_slice() {
        Ok([]) => Ok(&[0.0]),
        Ok(samples) => Ok(samples),
        Err(_) => Err(errors::parameter(py, "samples must be contiguous")),
    }
}

/// The values of an array of (frames, bins).
pub fn frames<'a, T: Element>(py: Python<'_>, s: &'a PyReadonlyArray2<'_, T>) -> PyResult<&'a [T]> {
    s.as_slice().map_err(|_| errors::parameter(py, "frames must be contiguous"))
}

/// Values, frame after frame, as an array of (bins, frames) in Fortran's order.
pub fn plane<T: Element>(py: Python<'_>, bins: usize, values: Vec<T>) -> PyResult<Bound<'_, PyArray2<T>>> {
    let frames = values.len().checked_div(bins).unwrap_or(0);
    let array = Array2::from_shape_vec((frames, bins), values)
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(array.reversed_axes().into_pyarray(py))
}

/// Values as an array of (frames, bins).
pub fn rows<T: Element>(py: Python<'_>, bins: usize, values: Vec<T>) -> PyResult<Bound<'_, PyArray2<T>>> {
    let frames = values.len().checked_div(bins).unwrap_or(0);
    let array = Array2::from_shape_vec((frames, bins), values)
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    Ok(array.into_pyarray(py))
}

/// Values as an array.
pub fn line<T: Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyArray1<T>> {
    values.into_pyarray(py)
}
