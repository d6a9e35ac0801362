//! Sixteen values side by side: the width at which the inner loops of this module work.
//!
//! Loops are written once over [`Lanes`] and compiled for each instruction set; [`Isa::best`] picks one at run time. Where
//! a loop only compares and selects, all of them give the same bits. Where it multiplies and adds, those with a fused
//! multiply-add round once instead of twice.
use std::sync::OnceLock;

/// Values in a group: frames that are worked on together, whatever the width of the registers.
pub(super) const GROUP: usize = 16;

/// A register of values.
pub(super) trait Lanes: Copy {
    /// Values in it; divides [`GROUP`].
    const WIDTH: usize;
    /// # Safety
    /// `WIDTH` values can be read from `from` on; the processor has the instruction set of the type.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `WIDTH` values can be written from `to` on; the processor has the instruction set of the type.
    unsafe fn store(self, to: *mut f32);
    /// # Safety
    /// The processor has the instruction set of the type; so for all that follow.
    unsafe fn splat(value: f32) -> Self;
    /// The smaller one of each pair.
    /// # Safety
    /// As above.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger one of each pair.
    /// # Safety
    /// As above.
    unsafe fn max(self, other: Self) -> Self;
    /// # Safety
    /// As above.
    unsafe fn add(self, other: Self) -> Self;
    /// # Safety
    /// As above.
    unsafe fn sub(self, other: Self) -> Self;
    /// `self * factor + term`.
    /// # Safety
    /// As above.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
}

/// The twin of all others, in plain code that compilers may vectorise as they can.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; 4]);

impl Plain {
    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Lanes for Plain {
    const WIDTH: usize = 4;
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's; arrays of f32 need the alignment of f32 only.
        Self(unsafe { from.cast::<[f32; 4]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's; arrays of f32 need the alignment of f32 only.
        unsafe { to.cast::<[f32; 4]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.with(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.with(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        self.with(factor, |a, b| a * b).with(term, |a, b| a + b)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Lanes;

    macro_rules! lanes {
        ($register:ty, $width:literal, $load:ident, $store:ident, $splat:ident, $min:ident, $max:ident, $add:ident,
         $sub:ident, $mul_add:ident) => {
            impl Lanes for $register {
                const WIDTH: usize = $width;
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller's; the load needs no alignment.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller's; the store needs no alignment.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: the caller's.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                unsafe fn min(self, other: Self) -> Self {
                    // SAFETY: the caller's.
                    unsafe { $min(self, other) }
                }
                #[inline(always)]
                unsafe fn max(self, other: Self) -> Self {
                    // SAFETY: the caller's.
                    unsafe { $max(self, other) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: the caller's.
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    // SAFETY: the caller's.
                    unsafe { $sub(self, other) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                    // SAFETY: the caller's.
                    unsafe { $mul_add(self, factor, term) }
                }
            }
        };
    }

    lanes!(
        __m256,
        8,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_set1_ps,
        _mm256_min_ps,
        _mm256_max_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_fmadd_ps
    );
    lanes!(
        __m512,
        16,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_set1_ps,
        _mm512_min_ps,
        _mm512_max_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_fmadd_ps
    );
}

/// An instruction set that the loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// All that this processor can run, the fastest first.
    pub(super) fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
            if avx2 {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Plain);
        all
    }

    /// The fastest one.
    pub(super) fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }
}

/// Compiles `$body`, a function over [`Lanes`], for each instruction set, and makes a function `$name` that calls the one
/// for an [`Isa`].
///
/// # Safety
/// Of `$name`: what `$body` asks for, and that the `Isa` comes from [`Isa::available`].
macro_rules! for_each_isa {
    ($name:ident = $body:ident($($arg:ident: $type:ty),* $(,)?)) => {
        // Some bodies are safe.
        #[allow(clippy::too_many_arguments, unused_unsafe)]
        pub(super) unsafe fn $name(isa: crate::analysis::lanes::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $type),*) {
                // SAFETY: the caller's.
                unsafe { $body::<std::arch::x86_64::__m256>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            unsafe fn avx512($($arg: $type),*) {
                // SAFETY: the caller's.
                unsafe { $body::<std::arch::x86_64::__m512>($($arg),*) }
            }
            match isa {
                // SAFETY: the caller's.
                crate::analysis::lanes::Isa::Plain => unsafe { $body::<crate::analysis::lanes::Plain>($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the caller's; `available` found the instruction set.
                crate::analysis::lanes::Isa::Avx2 => unsafe { avx2($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the caller's; `available` found the instruction set.
                crate::analysis::lanes::Isa::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}
pub(super) use for_each_isa;
