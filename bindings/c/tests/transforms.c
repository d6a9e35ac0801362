/* The transforms of a tone of known pitch. Their results go into memory that was never written. */
#include "check.h"

#include <math.h>

#define RATE 22050
#define COUNT (2 * RATE)

static float tone[COUNT];

static void cqt(void) {
    RefrainCqtOptions options = {.size = sizeof options, .bins = 48, .fmin = 110};
    RefrainCqt *cqt;
    size_t frames, bins, loudest = 0;
    float *out, *complex_out;

    FAILS(REFRAIN_ERROR_ARGUMENT, "bins is 5000",
          refrain_cqt_new(RATE, &(RefrainCqtOptions){.size = sizeof options, .bins = 5000}, &cqt));
    CHECK(!cqt);
    OK(refrain_cqt_new(RATE, &options, &cqt));
    OK(refrain_cqt_shape(cqt, COUNT, &frames, &bins));
    CHECK(frames == 1 + COUNT / 512 && bins == 48);
    CHECK(fabs(refrain_cqt_frequency(cqt, 24) - 440) < 1e-6 && isnan(refrain_cqt_frequency(cqt, 48)));
    out = malloc(frames * bins * sizeof *out);
    complex_out = malloc(2 * frames * bins * sizeof *complex_out);
    CHECK(out && complex_out);
    FAILS(REFRAIN_ERROR_BUFFER, "out has room for 10 values", refrain_cqt_magnitudes(cqt, tone, COUNT, out, 10));
    FAILS(REFRAIN_ERROR_ARGUMENT, "out is NULL", refrain_cqt_magnitudes(cqt, tone, COUNT, NULL, frames * bins));
    OK(refrain_cqt_magnitudes(cqt, tone, COUNT, out, frames * bins));
    OK(refrain_cqt_transform(cqt, tone, COUNT, complex_out, 2 * frames * bins));
    for (size_t i = 0; i < frames * bins; i++)
        CHECK(fabsf(hypotf(complex_out[2 * i], complex_out[2 * i + 1]) - out[i]) < 1e-4f);
    for (size_t b = 0; b < bins; b++)
        if (out[frames / 2 * bins + b] > out[frames / 2 * bins + loudest]) loudest = b;
    CHECK(loudest == 24);
    /* Without samples there are no frames. */
    OK(refrain_cqt_shape(cqt, 0, &frames, NULL));
    CHECK(frames == 0);
    OK(refrain_cqt_magnitudes(cqt, NULL, 0, NULL, 0));
    free(out);
    free(complex_out);
    refrain_cqt_free(cqt);
}

static void chroma(void) {
    RefrainChroma *chroma;
    size_t frames;
    float *out, *raw;
    double tuning;

    OK(refrain_chroma_new(RATE, NULL, &chroma));
    frames = refrain_chroma_frames(chroma, COUNT);
    CHECK(frames == 1 + COUNT / 512);
    out = malloc(12 * frames * sizeof *out);
    raw = malloc(12 * frames * sizeof *raw);
    CHECK(out && raw);
    OK(refrain_chroma(chroma, tone, COUNT, out, 12 * frames));
    OK(refrain_chroma_raw(chroma, tone, COUNT, raw, 12 * frames));
    for (size_t t = 0; t < frames; t++) {
        /* A is the tenth pitch class. */
        CHECK(out[12 * t + 9] == 1);
        for (size_t c = 0; c < 12; c++) CHECK(fabsf(raw[12 * t + c] / raw[12 * t + 9] - out[12 * t + c]) < 1e-5f);
    }
    FAILS(REFRAIN_ERROR_BUFFER, "are needed", refrain_chroma(chroma, tone, COUNT, out, 12 * frames - 1));
    OK(refrain_tuning(tone, COUNT, RATE, 12, &tuning));
    CHECK(fabs(tuning) < 0.02);
    FAILS(REFRAIN_ERROR_ARGUMENT, "tuning is NULL", refrain_tuning(tone, COUNT, RATE, 12, NULL));
    free(out);
    free(raw);
    refrain_chroma_free(chroma);
}

static void hpss(void) {
    float *harmonic = malloc(COUNT * sizeof *harmonic), *percussive = malloc(COUNT * sizeof *percussive);
    RefrainHpssOptions options = {.size = sizeof options, .harmonic_kernel = 16};
    double h = 0, p = 0;
    CHECK(harmonic && percussive);
    FAILS(REFRAIN_ERROR_ARGUMENT, "harmonic_kernel is 16", refrain_hpss(tone, COUNT, &options, harmonic, percussive));
    OK(refrain_hpss(tone, COUNT, NULL, harmonic, percussive));
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(fabsf(harmonic[i] + percussive[i] - tone[i]) < 1e-4f);
        h += harmonic[i] * harmonic[i];
        p += percussive[i] * percussive[i];
    }
    CHECK(h > 50 * p);
    FAILS(REFRAIN_ERROR_ARGUMENT, "percussive is NULL", refrain_hpss(tone, COUNT, NULL, harmonic, NULL));
    free(harmonic);
    free(percussive);
}

static void yin(void) {
    RefrainYinOptions options = {.size = sizeof options, .fmin = 100, .fmax = 1000};
    RefrainYin *yin;
    float *frequency, *aperiodicity;
    size_t frames;

    FAILS(REFRAIN_ERROR_ARGUMENT, "fmax",
          refrain_yin_new(RATE, &(RefrainYinOptions){.size = sizeof options, .fmax = 20000}, &yin));
    OK(refrain_yin_new(RATE, &options, &yin));
    frames = refrain_yin_frames(yin, COUNT);
    CHECK(frames == 1 + COUNT / 512);
    frequency = malloc(frames * sizeof *frequency);
    aperiodicity = malloc(frames * sizeof *aperiodicity);
    CHECK(frequency && aperiodicity);
    OK(refrain_yin(yin, tone, COUNT, frequency, aperiodicity, frames));
    for (size_t t = 4; t + 4 < frames; t++) CHECK(fabsf(frequency[t] - 440) < 1 && aperiodicity[t] < 0.1f);
    OK(refrain_yin(yin, tone, COUNT, frequency, NULL, frames));
    FAILS(REFRAIN_ERROR_BUFFER, "frequency has room for", refrain_yin(yin, tone, COUNT, frequency, NULL, frames - 1));
    tone[7] = NAN;
    FAILS(REFRAIN_ERROR_ARGUMENT, "sample 7 is NaN", refrain_yin(yin, tone, COUNT, frequency, NULL, frames));
    tone[7] = 0;
    /* A debug build panics at this overflow. The panic is contained and the call returns 0. */
    options.hop = 1;
    refrain_yin_free(yin);
    OK(refrain_yin_new(RATE, &options, &yin));
    CHECK(refrain_yin_frames(yin, (size_t)-1) == 0);
    free(frequency);
    free(aperiodicity);
    refrain_yin_free(yin);
}

void test_transforms(void) {
    for (int i = 0; i < COUNT; i++) tone[i] = (float)(0.5 * sin(2 * 3.14159265358979 * 440 * i / RATE));
    cqt();
    chroma();
    hpss();
    yin();
}
