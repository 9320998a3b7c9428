//! The simulator as a program: one seed, shrunk when it fails, or many. `cargo xtask sim` builds and runs it.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use consensus::Fault;
use sim_tests::env::Tally;
use sim_tests::failure::{Failure, run_recorded, shrink};
use sim_tests::kinds::Kinds;
use sim_tests::many::run_all;
use sim_tests::world::RunOptions;

const USAGE: &str = "\
sim --seed N [--steps M] [--without KIND,…] [--fault NAME] [--trace LINES]
sim --seeds A..B [--steps M] [--without KIND,…] [--fault NAME] [--failures MAX]
  One step is one input to one node; 5000 unless given. A seed that fails is printed, with the smallest run that still fails.";

/// Steps of a storm unless given.
const STEPS_DEFAULT: u64 = 5_000;
/// Lines of the record shown with a failure.
const LINES_SHOWN: usize = 60;
/// How much of what failed is shown of each seed of many.
const BRIEF_CHARS_MAX: usize = 300;
/// Failures after which a run over many seeds stops.
const FAILURES_DEFAULT: usize = 5;

struct Arguments {
    seeds: std::ops::Range<u64>,
    is_single: bool,
    options: RunOptions,
    failures_max: usize,
}

fn parse(arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments {
        seeds: 0..0,
        is_single: false,
        options: RunOptions::new(0, STEPS_DEFAULT),
        failures_max: FAILURES_DEFAULT,
    };
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || {
            value.replace('_', "").parse::<u64>().map_err(|_| format!("{name} needs a number, not {value}"))
        };
        match name.as_str() {
            "--seed" => {
                parsed.options.seed = number()?;
                parsed.seeds = parsed.options.seed..parsed.options.seed + 1;
                parsed.is_single = true;
            }
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds needs A..B")?;
                let bound = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
                parsed.seeds = bound(from)?..bound(to)?;
            }
            "--steps" => parsed.options.steps = number()?,
            "--trace" => parsed.options.trace_lines_max = number()? as usize,
            "--failures" => parsed.failures_max = number()? as usize,
            "--without" => parsed.options.kinds = Kinds::all_without(&value)?,
            "--fault" => parsed.options.fault = Some(fault(&value)?),
            _ => return Err(format!("{name} is not known")),
        }
    }
    if parsed.seeds.is_empty() { Err("no seed is given".into()) } else { Ok(parsed) }
}

fn fault(name: &str) -> Result<Fault, String> {
    let known = Fault::ALL.into_iter().find(|fault| format!("{fault:?}") == name);
    known.ok_or_else(|| format!("{name} is none of {:?}", Fault::ALL))
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(what) => {
            eprintln!("{what}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let failures = if arguments.is_single { run_one(arguments.options) } else { run_many(&arguments, began) };
    println!("took {:.1} s", began.elapsed().as_secs_f64());
    match failures.into_iter().next() {
        None => ExitCode::SUCCESS,
        Some(first) => {
            describe(&first);
            println!("shrinking …");
            let smallest = shrink(first, LINES_SHOWN);
            describe(&smallest);
            let RunOptions { seed, steps, kinds, fault, .. } = smallest.options;
            let fault = fault.map(|fault| format!(" --fault {fault:?}")).unwrap_or_default();
            println!("again: cargo xtask sim --seed {seed} --steps {steps} --without '{kinds}'{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run_one(options: RunOptions) -> Vec<Failure> {
    let (result, lines) = run_recorded(options);
    match result {
        Ok(tally) => {
            for line in lines {
                println!("{line}");
            }
            println!("seed {} holds", options.seed);
            summary(&tally);
            Vec::new()
        }
        Err(failure) => vec![*failure],
    }
}

fn run_many(arguments: &Arguments, began: Instant) -> Vec<Failure> {
    let seeds: Vec<u64> = arguments.seeds.clone().collect();
    let every = (seeds.len() as u64 / 50).max(1);
    let progress = |done: u64, failures: usize| {
        if done.is_multiple_of(every) && std::io::stdout().is_terminal() {
            print!(
                "\r{done} of {} seeds, {failures} failed, {:.0} s ",
                seeds.len(),
                began.elapsed().as_secs_f64()
            );
            // Progress that cannot be shown is no failure.
            let _ = std::io::stdout().flush();
        }
    };
    let (tally, failures) = run_all(&seeds, arguments.options, arguments.failures_max, progress);
    println!();
    summary(&tally);
    let steps = tally.storm_steps + tally.calm_steps;
    println!("{:.0} steps a second", steps as f64 / began.elapsed().as_secs_f64());
    if !failures.is_empty() {
        let failed: Vec<u64> = failures.iter().map(|failure| failure.options.seed).collect();
        println!("seeds that failed: {failed:?}");
        for failure in &failures {
            let brief: String = failure.what.chars().take(BRIEF_CHARS_MAX).collect();
            println!("  {} at {}: {}", failure.options.seed, failure.step, brief.replace('\n', " "));
        }
    }
    failures
}

fn summary(tally: &Tally) {
    println!("{tally:#?}");
}

fn describe(failure: &Failure) {
    let RunOptions { seed, steps, kinds, fault, .. } = failure.options;
    println!(
        "seed {seed} of {steps} steps, without [{kinds}], fault {fault:?}, fails at step {}{}:\n{}",
        failure.step,
        if failure.in_calm { ", in the calm" } else { "" },
        failure.what
    );
    for line in &failure.lines {
        println!("  {line}");
    }
}
