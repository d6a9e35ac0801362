#![cfg_attr(fuzzing, no_main)]

refrain_fuzz::target!(refrain_fuzz::containers::run);
