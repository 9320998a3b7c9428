//! A run, from the hosts to the verdict.
