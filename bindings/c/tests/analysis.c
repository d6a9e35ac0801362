/* Harmonic analysis of files. */
#include "check.h"

#include <math.h>
#include <unistd.h>

struct outcomes {
    int good, bad;
};

static void on_outcome(const RefrainAnalysis *analysis, void *user_data) {
    struct outcomes *outcomes = user_data;
    RefrainFigures figures = {.size = sizeof figures};
    if (refrain_analysis_error(analysis)) {
        outcomes->bad++;
        CHECK(ends_in(refrain_analysis_path(analysis), "/bad.mp3"));
        FAILS(REFRAIN_ERROR_AUDIO, "bad.mp3", refrain_analysis_figures(analysis, &figures));
        CHECK(strstr(refrain_analysis_json(analysis), "\"status\":\"error\""));
    } else {
        outcomes->good++;
        OK(refrain_analysis_figures(analysis, &figures));
        CHECK(figures.duration > 7);
    }
}

void test_analysis(void) {
    char *clip = fixture("audio/clips/clean.wav"), *bad = scratch("bad.mp3"), *silence = scratch("silence.wav");
    char *frames = scratch("frames.npz"), *harmonic = scratch("harmonic.wav"), *plot = scratch("plot.svg");
    const char *paths[] = {clip, bad};
    /* A second of silence at 8 kHz. */
    static unsigned char wav[44 + 16000] = "RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
                                           "data\x80\x3e\0\0";
    RefrainAnalysis *analysis;
    RefrainFigures f = {.size = sizeof f}, again = {.size = sizeof again};
    char f_key[32];
    unsigned char *bytes;
    float *samples;
    size_t count;
    unsigned channels, rate;
    RefrainAnalyzeOptions options = {
        .size = sizeof options, .threads = 2, .frames = frames, .harmonic = harmonic, .plot = plot};
    RefrainAnalyzeSummary summary = {.size = sizeof summary};
    struct outcomes outcomes = {0, 0};
    RefrainCancel *cancel = refrain_cancel_new();
    double sum = 0;

    remove(frames);
    remove(harmonic);
    remove(plot);
    write_file(bad, "not audio", 9);
    write_file(silence, wav, sizeof wav);

    OK(refrain_analyze(clip, &options, &analysis));
    CHECK(strcmp(refrain_analysis_path(analysis), clip) == 0 && !refrain_analysis_error(analysis));
    OK(refrain_analysis_figures(analysis, &f));
    CHECK(fabs(f.duration - 8) < 0.01 && f.sample_rate == 16000 && f.channels == 1 && f.frames == 345);
    CHECK(fabs(f.tuning) <= 0.5 && f.key && f.mode && strstr(f.key, f.mode) && f.key_second);
    CHECK(f.harmonic_ratio > 0 && f.harmonic_ratio < 1 && f.voiced > 0 && f.pitch > 60 && f.pitch_note);
    CHECK(f.key_name && strstr(f.key_name, f.mode) && f.camelot && strchr("AB", f.camelot[strlen(f.camelot) - 1]));
    CHECK(isnan(f.bpm) || (f.bpm >= 35 && f.bpm <= 260));
    CHECK(f.warning_count == 0 && !f.warnings);
    for (int i = 0; i < 12; i++) {
        CHECK(f.chroma[i] >= 0 && f.chroma[i] <= 1);
        sum += f.chroma_energy[i];
    }
    CHECK(sum > 0 && f.chroma_entropy > 0 && f.chroma_entropy <= 1);
    CHECK(strstr(refrain_analysis_json(analysis), f.key));
    CHECK(strlen(f.key) < sizeof f_key);
    strcpy(f_key, f.key);
    CHECK(access(frames, R_OK) == 0 && access(harmonic, R_OK) == 0 && access(plot, R_OK) == 0);
    refrain_analysis_free(analysis);

    /* The same audio from memory, and as samples. */
    bytes = read_file(clip, &count);
    OK(refrain_analyze_memory(bytes, count, NULL, NULL, &analysis));
    CHECK(strcmp(refrain_analysis_path(analysis), "memory") == 0);
    OK(refrain_analysis_figures(analysis, &again));
    CHECK(again.tuning == f.tuning && again.pitch == f.pitch && strcmp(again.key, f_key) == 0);
    refrain_analysis_free(analysis);
    samples = read_wav(clip, &count, &channels, &rate);
    OK(refrain_analyze_samples(samples, count, channels, rate, "radio", NULL, &analysis));
    CHECK(strcmp(refrain_analysis_path(analysis), "radio") == 0);
    OK(refrain_analysis_figures(analysis, &again));
    CHECK(again.tuning == f.tuning && again.pitch == f.pitch && strcmp(again.key, f_key) == 0);
    refrain_analysis_free(analysis);
    FAILS(REFRAIN_ERROR_ARGUMENT, "bytes is NULL", refrain_analyze_memory(NULL, 1, NULL, NULL, &analysis));
    FAILS(REFRAIN_ERROR_ARGUMENT, "channels is 0", refrain_analyze_samples(samples, 1, 0, 8000, NULL, NULL, &analysis));
    free(bytes);
    free(samples);

    /* Silence has no key and no pitch. */
    OK(refrain_analyze(silence, NULL, &analysis));
    OK(refrain_analysis_figures(analysis, &f));
    CHECK(f.duration == 1 && !f.key && isnan(f.pitch) && isnan(f.tuning) && isnan(f.key_correlation));
    refrain_analysis_free(analysis);

    FAILS(REFRAIN_ERROR_AUDIO, "bad.mp3", refrain_analyze(bad, NULL, &analysis));
    CHECK(!analysis);
    FAILS(REFRAIN_ERROR_IO, "/no/such", refrain_analyze("/no/such", NULL, &analysis));
    FAILS(REFRAIN_ERROR_ARGUMENT, "path is NULL", refrain_analyze(NULL, NULL, &analysis));
    FAILS(REFRAIN_ERROR_ARGUMENT, "analysis is NULL", refrain_analyze(clip, NULL, NULL));

    OK(refrain_analyze_all(paths, 2, NULL, on_outcome, &outcomes, &summary));
    CHECK(outcomes.good == 1 && outcomes.bad == 1 && summary.analyzed == 1 && summary.failed == 1);
    CHECK(fabs(summary.seconds - 8) < 0.01);
    FAILS(REFRAIN_ERROR_ARGUMENT, "callback is NULL", refrain_analyze_all(paths, 2, NULL, NULL, NULL, NULL));
    refrain_cancel_set(cancel);
    options = (RefrainAnalyzeOptions){.size = sizeof options, .cancel = cancel};
    FAILS(REFRAIN_ERROR_INTERRUPTED, "interrupted",
          refrain_analyze_all(paths, 2, &options, on_outcome, &outcomes, NULL));
    refrain_cancel_free(cancel);
    free(clip);
    free(bad);
    free(silence);
    free(frames);
    free(harmonic);
    free(plot);
}
