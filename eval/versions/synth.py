"""Plays events through libfluidsynth, without reverb and chorus, mono at 22,050 Hz."""
import ctypes
import ctypes.util

import numpy as np

RATE = 22_050
FONTS = {"FluidR3": "/usr/share/sounds/sf2/FluidR3_GM.sf2", "TimGM6mb": "/usr/share/sounds/sf2/TimGM6mb.sf2",
         "MuseScore": "/usr/share/sounds/sf3/MuseScore_General_Full.sf3"}


class Synth:
    """One synthesiser with all soundfonts; presets are loaded when they are first used."""

    def __init__(self):
        self.lib = lib = ctypes.CDLL(ctypes.util.find_library("fluidsynth"))
        for name in ("new_fluid_settings", "new_fluid_synth"):
            getattr(lib, name).restype = ctypes.c_void_p
        lib.fluid_set_log_function(1, None, None)
        lib.fluid_set_log_function(2, None, None)
        settings = ctypes.c_void_p(lib.new_fluid_settings())
        for key, value in (("synth.reverb.active", 0), ("synth.chorus.active", 0), ("synth.dynamic-sample-loading", 1),
                           ("synth.polyphony", 96)):
            lib.fluid_settings_setint(settings, key.encode(), value)
        lib.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(RATE))
        lib.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(0.4))
        self.synth = ctypes.c_void_p(lib.new_fluid_synth(settings))
        self.fonts = {name: lib.fluid_synth_sfload(self.synth, path.encode(), 0) for name, path in FONTS.items()}
        assert min(self.fonts.values()) >= 0, self.fonts

    def render(self, played, limit=75.0):
        """Samples as int16. A channel's gain is in decibels."""
        lib, synth = self.lib, self.synth
        lib.fluid_synth_system_reset(synth)
        for channel, program in played["programs"].items():
            bank = 128 if channel == 9 else 0
            lib.fluid_synth_program_select(synth, channel, self.fonts[played["font"]], bank, program)
            lib.fluid_synth_cc(synth, channel, 7, int(np.clip(90 * 10 ** (played["gains"][channel] / 40), 20, 127)))
        queue = []
        for start, end, channel, pitch, velocity in played["events"]:
            if start < limit and 0 < pitch < 127:
                queue.append((start, 1, channel, pitch, velocity))
                queue.append((min(max(end - 0.01, start + 0.03), limit), 0, channel, pitch, 0))
        queue.sort()
        last = queue[-1][0] + 0.5
        left, right = np.zeros(int(last * RATE), np.int16), np.zeros(int(last * RATE), np.int16)
        done = 0
        for second, on, channel, pitch, velocity in queue:
            upto = min(int(second * RATE), len(left))
            if upto - done >= 64:
                self.write(left, right, done, upto)
                done = upto
            if on:
                lib.fluid_synth_noteon(synth, channel, int(pitch), int(velocity))
            else:
                lib.fluid_synth_noteoff(synth, channel, int(pitch))
        self.write(left, right, done, len(left))
        return ((left.astype(np.int32) + right) // 2).astype(np.int16)

    def write(self, left, right, start, end):
        self.lib.fluid_synth_write_s16(self.synth, end - start, left.ctypes.data_as(ctypes.c_void_p), start, 1,
                                       right.ctypes.data_as(ctypes.c_void_p), start, 1)
