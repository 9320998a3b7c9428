//! Judges of histories.
