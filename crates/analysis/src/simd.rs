//! Inner loops over sixteen values, compiled for each instruction set.
//!
//! Each loop is written once, over [`Simd`]. [`for_each_isa`] compiles it for each instruction set, and an [`Isa`] picks one
//! at run time. An [`Isa`] is a witness: only detection makes one, so that safe code cannot run an instruction that the
//! processor lacks.
//!
//! Loops that only compare and select give the same bits with every instruction set. Loops that multiply and add do not:
//! a fused multiply-add rounds once instead of twice.
use std::sync::OnceLock;

/// The number of values, mostly frames, that a loop handles together. It does not depend on the width of registers.
pub(crate) const GROUP: usize = 16;

/// A register of `f32` values.
pub(crate) trait Simd: Copy {
    /// The number of values in a register. Divides [`GROUP`].
    const WIDTH: usize;
    /// # Safety
    /// `WIDTH` values can be read at `from`, and the processor has the type's instruction set.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `WIDTH` values can be written at `to`, and the processor has the type's instruction set.
    unsafe fn store(self, to: *mut f32);
    /// # Safety
    /// The processor has the type's instruction set. The same holds for all functions below.
    unsafe fn splat(value: f32) -> Self;
    /// The smaller value of each pair.
    /// # Safety
    /// As above.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger value of each pair.
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

/// The reference: plain code, which runs on every processor.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; 4]);

impl Plain {
    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Simd for Plain {
    const WIDTH: usize = 4;
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise; arrays of f32 need the alignment of f32 only.
        Self(unsafe { from.cast::<[f32; 4]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise; arrays of f32 need the alignment of f32 only.
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

    use super::Simd;

    macro_rules! register {
        ($register:ty, $width:literal, $load:ident, $store:ident, $splat:ident, $min:ident, $max:ident, $add:ident,
         $sub:ident, $mul_add:ident) => {
            impl Simd for $register {
                const WIDTH: usize = $width;
                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller's promise; the load needs no alignment.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller's promise; the store needs no alignment.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn splat(value: f32) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $splat(value) }
                }
                #[inline(always)]
                unsafe fn min(self, other: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $min(self, other) }
                }
                #[inline(always)]
                unsafe fn max(self, other: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $max(self, other) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $sub(self, other) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                    // SAFETY: the caller's promise.
                    unsafe { $mul_add(self, factor, term) }
                }
            }
        };
    }

    register!(
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
    register!(
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

/// The instruction sets that loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// An instruction set that this processor has: [`Isa::available`] and [`Isa::best`] are the only ways to get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Isa(Level);

impl Isa {
    /// All instruction sets of this processor, the fastest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") {
                all.push(Self(Level::Avx512));
            }
            if avx2 {
                all.push(Self(Level::Avx2));
            }
        }
        all.push(Self(Level::Plain));
        all
    }

    /// The fastest instruction set of this processor.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }

    /// The instruction set, for dispatch.
    pub(crate) fn level(self) -> Level {
        self.0
    }
}

/// Compiles `$body`, a function over [`Simd`], for each instruction set, and makes a function `$name` that runs the one
/// of an [`Isa`].
///
/// `fn` makes a safe function. Its body is safe, or asks for nothing but the instruction set of its type, which the [`Isa`]
/// proves. `unsafe fn` makes an unsafe function, whose caller promises whatever else the body asks for.
macro_rules! for_each_isa {
    ($(#[$attribute:meta])* fn $name:ident = $body:ident($($arg:ident: $type:ty),* $(,)?)) => {
        $(#[$attribute])*
        // Safe bodies need no `unsafe`.
        #[allow(unused_unsafe)]
        pub(crate) fn $name(isa: crate::simd::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $type),*) {
                // SAFETY: this function runs with AVX2 and FMA only.
                unsafe { $body::<std::arch::x86_64::__m256>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($arg: $type),*) {
                // SAFETY: this function runs with AVX-512F, AVX2 and FMA only.
                unsafe { $body::<std::arch::x86_64::__m512>($($arg),*) }
            }
            match isa.level() {
                // SAFETY: every processor runs plain code.
                crate::simd::Level::Plain => unsafe { $body::<crate::simd::Plain>($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `isa` proves that the processor has AVX2 and FMA.
                crate::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `isa` proves that the processor has AVX-512F, AVX2 and FMA.
                crate::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
    ($(#[$attribute:meta])* unsafe fn $name:ident = $body:ident($($arg:ident: $type:ty),* $(,)?)) => {
        $(#[$attribute])*
        pub(crate) unsafe fn $name(isa: crate::simd::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $type),*) {
                // SAFETY: the caller's promise.
                unsafe { $body::<std::arch::x86_64::__m256>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            unsafe fn avx512($($arg: $type),*) {
                // SAFETY: the caller's promise.
                unsafe { $body::<std::arch::x86_64::__m512>($($arg),*) }
            }
            match isa.level() {
                // SAFETY: the caller's promise.
                crate::simd::Level::Plain => unsafe { $body::<crate::simd::Plain>($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the caller's promise; `isa` proves that the processor has AVX2 and FMA.
                crate::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the caller's promise; `isa` proves that the processor has AVX-512F, AVX2 and FMA.
                crate::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}
pub(crate) use for_each_isa;

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(always)]
    fn width<V: Simd>(out: &mut usize) {
        *out = V::WIDTH;
    }

    for_each_isa!(fn width_of = width(out: &mut usize));

    #[test]
    fn every_instruction_set_of_the_processor_is_run_the_widest_first() {
        let widths: Vec<usize> = Isa::available()
            .into_iter()
            .map(|isa| {
                let mut width = 0;
                width_of(isa, &mut width);
                width
            })
            .collect();
        let mut expected = vec![4];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                expected.insert(0, 8);
                if is_x86_feature_detected!("avx512f") {
                    expected.insert(0, 16);
                }
            }
        }
        assert_eq!(widths, expected);
        assert_eq!(Isa::best(), Isa::available()[0]);
    }

    /// All operations on a group, one row each.
    ///
    /// # Safety
    /// The processor has the instruction set of `V`.
    #[inline(always)]
    unsafe fn operations<V: Simd>(a: &[f32; GROUP], b: &[f32; GROUP], out: &mut [[f32; GROUP]; 6]) {
        for c in (0..GROUP).step_by(V::WIDTH) {
            // SAFETY: a whole register is left at `c`; the rest is the caller's promise.
            unsafe {
                let (x, y) = (V::load(a.as_ptr().add(c)), V::load(b.as_ptr().add(c)));
                let rows = [x.min(y), x.max(y), x.add(y), x.sub(y), x.mul_add(y, x), V::splat(a[3])];
                for (row, out) in rows.into_iter().zip(&mut *out) {
                    row.store(out.as_mut_ptr().add(c));
                }
            }
        }
    }

    for_each_isa!(
        unsafe fn all_operations = operations(a: &[f32; GROUP], b: &[f32; GROUP], out: &mut [[f32; GROUP]; 6])
    );

    #[test]
    fn every_instruction_set_computes_what_the_operations_say() {
        let mut rng = fastrand::Rng::with_seed(1);
        for isa in Isa::available() {
            // Small whole numbers, so that nothing is rounded.
            let mut values = || std::array::from_fn(|_| f32::from(rng.i8(..)));
            let (a, b): ([f32; GROUP], [f32; GROUP]) = (values(), values());
            let mut out = [[f32::NAN; GROUP]; 6];
            // SAFETY: the arrays have a group of values each.
            unsafe { all_operations(isa, &a, &b, &mut out) };
            for i in 0..GROUP {
                let (a, b, third) = (a[i], b[i], a[3]);
                let expected = [a.min(b), a.max(b), a + b, a - b, a * b + a, third];
                assert_eq!(out.map(|row| row[i]), expected, "{isa:?}, value {i}");
            }
        }
    }
}
