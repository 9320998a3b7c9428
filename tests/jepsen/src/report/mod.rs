//! The folder of a run, for people.
