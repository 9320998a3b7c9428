//! A run: schema after schema, some hundred statements on each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::compare::{
    Answer, Outcome, Rules, Side, Verdict, shown, shown_outcome, unlike, verdict, verdict_of,
};
use crate::generate::change::Change;
use crate::generate::schema::Schema;
use crate::generate::{change, query};
use crate::known::{self, Met};
use crate::node::Node;
use crate::{oracle, otherwise, shrink};

/// Statements on one schema.
const SCHEMA_STATEMENTS: u64 = 300;

/// What an answer begins with that MySQL did not give.
const THEIR_LOSS: &str = "MySQL: ";
/// Attempts at a connection with MySQL, which may have to start again, and the time between two of them.
const CONNECT_ATTEMPTS: u32 = 120;
const CONNECT_PAUSE: Duration = Duration::from_millis(500);

/// What a run is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Ours.
    pub address: String,
    /// A real MySQL.
    pub against: Option<String>,
    /// Statements.
    pub queries: u64,
    /// Where the randomness begins.
    pub seed: u64,
    /// Types of columns are compared too.
    pub has_types: bool,
    /// Warnings are compared too.
    pub has_warnings: bool,
    /// Different differences after which the run ends.
    pub differences_max: usize,
    /// The run goes on to its end, and differences of one kind are counted.
    pub counts: bool,
    /// How many of a hundred statements change rows.
    pub changes: u32,
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Statements compared or asked.
    pub queries: u64,
    /// Those that were refused on both sides.
    pub errors: u64,
    /// Those where one side met an error that depends on the plan.
    pub open: u64,
    /// What differs, as text, each with its seed; one of each shape, or of each kind where they are counted.
    pub differences: Vec<String>,
    /// How many differences there were of each kind: of statements with the same functions and operators.
    pub kinds: BTreeMap<String, u64>,
    /// Statements that ended MySQL's server: nobody knows what it would have answered.
    pub lost: u64,
    /// How often each known difference excused something.
    pub excused: BTreeMap<&'static str, u64>,
    /// Shapes: statements without their names and numbers.
    shapes: BTreeSet<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.differences.iter().try_for_each(|difference| writeln!(f, "{difference}\n"))?;
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        kinds.iter().try_for_each(|(kind, count)| writeln!(f, "{count:6} {kind}"))?;
        self.excused.iter().try_for_each(|(name, count)| writeln!(f, "{count:6} known: {name}"))?;
        write!(
            f,
            "{} statements, {} errors on both sides, {} open, {} that ended MySQL, {} known, {} differences of {} kinds",
            self.queries,
            self.errors,
            self.open,
            self.lost,
            self.excused.values().sum::<u64>(),
            self.kinds.values().sum::<u64>(),
            self.kinds.len(),
        )
    }
}

/// Runs.
///
/// # Errors
/// When a server does not answer.
pub fn run(settings: &Settings) -> Result<Report, String> {
    let mut report = Report::default();
    let mut number = 0;
    let is_full = |report: &Report| !settings.counts && report.differences.len() >= settings.differences_max;
    while report.queries < settings.queries && !is_full(&report) {
        let seed = settings.seed.wrapping_add(number);
        let asked = report.queries;
        if let Err(error) = of_seed(settings, seed, &mut report) {
            if report.queries == asked {
                return Err(format!("seed {seed}: {error}"));
            }
            // One statement has lost its connection: the run goes on with the next tables.
            if error.starts_with(THEIR_LOSS) {
                report.lost += 1;
            } else {
                *report.kinds.entry("no answer".to_owned()).or_default() += 1;
            }
            report.differences.push(format!("seed {seed}\n{error}"));
        }
        number += 1;
    }
    Ok(report)
}

/// A statement without numbers and strings, so that what differs for the same reason is told once.
fn shape(statement: &str) -> String {
    let mut shape = String::new();
    let mut is_quoted = false;
    for character in statement.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted || character.is_ascii_digit() => {}
            _ => shape.push(character),
        }
    }
    shape
}

/// The functions and operators of a statement, without its tables, columns and literals.
fn kind(statement: &str) -> String {
    let shape = shape(statement);
    let is_name = |word: &str| {
        let mut letters = word.chars();
        matches!(letters.next(), Some('a' | 'c' | 't'))
            && letters.all(|letter| letter == '.' || letter == 'c')
    };
    let words = shape.split(|letter: char| letter.is_whitespace() || "(),".contains(letter));
    let words: Vec<&str> = words.filter(|word| !word.is_empty() && !is_name(word) && *word != "AS").collect();
    words.join(" ")
}

/// Both servers, or ours alone.
struct Pair {
    has_types: bool,
    has_warnings: bool,
    changes: u32,
    /// What made the tables.
    created: String,
    ours: Side,
    theirs: Option<Side>,
}

/// A connection with a server that may be starting.
fn connect_again(address: &str) -> Result<Side, String> {
    let mut side = Side::connect(address);
    for _ in 1..CONNECT_ATTEMPTS {
        if side.is_ok() {
            break;
        }
        std::thread::sleep(CONNECT_PAUSE);
        side = Side::connect(address);
    }
    side
}

fn of_seed(settings: &Settings, seed: u64, report: &mut Report) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let schema = Schema::new(&mut random);
    // Several runs may have one MySQL.
    let database = format!("differential_{}_{}", std::process::id(), settings.seed);
    let theirs = settings.against.as_deref().map(connect_again).transpose()?;
    let created: Vec<&str> = schema.tables.iter().map(|table| table.statements[0].as_str()).collect();
    let created = created.join(";\n");
    let ours = Side::connect(&settings.address)?;
    let (has_types, has_warnings) = (settings.has_types, settings.has_warnings);
    let mut pair = Pair { has_types, has_warnings, changes: settings.changes, created, ours, theirs };
    for side in [Some(&mut pair.ours), pair.theirs.as_mut()].into_iter().flatten() {
        side.run(&format!("DROP DATABASE IF EXISTS {database}"))?;
        side.run(&format!("CREATE DATABASE {database}"))?;
        side.run(&format!("USE {database}"))?;
        for statement in schema.tables.iter().flat_map(|table| &table.statements) {
            side.run(statement)?;
        }
    }
    if let Some(theirs) = &mut pair.theirs {
        let names: Vec<String> = schema.tables.iter().map(|table| table.name.clone()).collect();
        let (left, right) = (tables_of(&mut pair.ours, &names)?, tables_of(theirs, &names)?);
        if left != right {
            let statements: Vec<&str> =
                schema.tables.iter().flat_map(|table| &table.statements).map(String::as_str).collect();
            let (left, right) = (Answer::Rows(Vec::new(), left), Answer::Rows(Vec::new(), right));
            let differ = format!("ours: {}\nMySQL: {}", shown(&left), shown(&right));
            *report.kinds.entry("rows at the beginning".to_owned()).or_default() += 1;
            report.differences.push(format!("seed {seed}\n{};\n{differ}", statements.join(";\n")));
            return Ok(());
        }
    }
    for _ in 0..SCHEMA_STATEMENTS.min(settings.queries - report.queries) {
        if let Some(difference) = pair.one(&schema, &mut random, report)? {
            let statement = difference.split(";\n").next().unwrap_or_default();
            let kind = kind(statement);
            let told = if settings.counts { kind.clone() } else { shape(statement) };
            *report.kinds.entry(kind).or_default() += 1;
            if !report.shapes.insert(told) {
                continue;
            }
            let used = schema.tables.iter().filter(|table| difference.contains(&format!("{} ", table.name)));
            let tables: Vec<&str> = used.flat_map(|table| &table.statements).map(String::as_str).collect();
            report.differences.push(format!("seed {seed}\n{};\n{difference}", tables.join(";\n")));
            if !settings.counts && report.differences.len() >= settings.differences_max {
                break;
            }
        }
    }
    for side in [Some(&mut pair.ours), pair.theirs.as_mut()].into_iter().flatten() {
        side.run(&format!("DROP DATABASE {database}"))?;
    }
    Ok(())
}

impl Pair {
    fn one(
        &mut self,
        schema: &Schema,
        random: &mut StdRng,
        report: &mut Report,
    ) -> Result<Option<String>, String> {
        report.queries += 1;
        if self.theirs.is_none() || (self.changes < 100 && random.random_ratio(1, 10)) {
            let broken = oracle::ask(&mut self.ours, schema, random)?;
            return Ok(broken.map(|broken| broken.what));
        }
        if random.random_ratio(self.changes, 100) {
            let change = change::change(schema, random);
            let node = &change.node;
            let has_warnings = self.has_warnings;
            let told =
                self.compare(node, report, false, |side, node| changed(side, node, &change, has_warnings))?;
            let before: Vec<String> =
                change.before.iter().map(|before| format!("\nbefore: {before}")).collect();
            return Ok(told.map(|told| told + &before.concat()));
        }
        let query = query::whole(schema, random);
        let has_warnings = self.has_warnings;
        self.compare(&query.node, report, query.is_loose, |side, node| {
            let answer = side.ask(&node.to_string())?;
            let warnings = if has_warnings { side.warnings()? } else { Vec::new() };
            Ok(Outcome { answer, warnings })
        })
    }

    fn compare(
        &mut self,
        node: &Node,
        report: &mut Report,
        is_loose: bool,
        ask: impl Fn(&mut Side, &Node) -> Result<Outcome, String>,
    ) -> Result<Option<String>, String> {
        let theirs = self.theirs.as_mut().ok_or("no other server")?;
        let left = ask(&mut self.ours, node)?;
        let right = ask(theirs, node).map_err(|error| format!("{THEIR_LOSS}{error}"))?;
        report.errors +=
            u64::from(matches!((&left.answer, &right.answer), (Answer::Error(..), Answer::Error(..))));
        let rules = Rules { is_loose, has_types: self.has_types, has_warnings: self.has_warnings };
        match verdict_of(&left, &right, rules) {
            Verdict::Same => return Ok(None),
            Verdict::Open => {
                report.open += 1;
                return Ok(None);
            }
            Verdict::Different => {}
        }
        let schema = self.created.as_str();
        let ours = &mut self.ours;
        let known = |node: &Node,
                     (left, right): (&Outcome, &Outcome),
                     (ours, theirs): (&mut Side, &mut Side)| {
            let agree_leniently = is_strict_refusal(left, right)
                && leniently(ours, &ask, node)
                    .and_then(|left| leniently(theirs, &ask, node).map(|right| (left, right)))
                    .is_ok_and(|(left, right)| verdict(&left.answer, &right.answer, rules) == Verdict::Same);
            let statement = node.to_string();
            let met = Met {
                statement: &statement,
                schema,
                ours: left,
                theirs: right,
                agree_leniently,
                otherwise: None,
            };
            known::excuse(&met, rules).or_else(|| {
                let otherwise = otherwise::agree(theirs, node, left, rules, &ask);
                known::excuse(&Met { otherwise, ..met }, rules)
            })
        };
        if let Some(name) = known(node, (&left, &right), (&mut *ours, &mut *theirs)) {
            *report.excused.entry(name).or_default() += 1;
            return Ok(None);
        }
        let small = shrink::shrink(node, |candidate| {
            let (Ok(left), Ok(right)) = (ask(ours, candidate), ask(theirs, candidate)) else { return false };
            let is_broken = |answer: &Answer| matches!(answer, Answer::Error(1064 | 1054, _));
            let is_different = verdict_of(&left, &right, rules) == Verdict::Different;
            !is_broken(&left.answer)
                && !is_broken(&right.answer)
                && is_different
                && known(candidate, (&left, &right), (&mut *ours, &mut *theirs)).is_none()
        });
        let (left, right) = (ask(ours, &small)?, ask(theirs, &small)?);
        let (left, right) = unlike(&left, &right);
        Ok(Some(format!("{small};\nours: {}\nMySQL: {}", shown_outcome(&left), shown_outcome(&right))))
    }
}

/// Whether one side refused a change for a value that it read, and the other did not.
fn is_strict_refusal(left: &Outcome, right: &Outcome) -> bool {
    let refuses = |outcome: &Outcome| matches!(outcome.answer.error(), Some(1292 | 1365));
    let went_well = |outcome: &Outcome| outcome.answer.error().is_none();
    (refuses(left) && went_well(right)) || (went_well(left) && refuses(right))
}

/// Asks outside of strict mode.
fn leniently(
    side: &mut Side,
    ask: impl Fn(&mut Side, &Node) -> Result<Outcome, String>,
    node: &Node,
) -> Result<Outcome, String> {
    side.run("SET sql_mode = REPLACE(@@sql_mode, 'STRICT_TRANS_TABLES', '')")?;
    let outcome = ask(side, node);
    side.run("SET sql_mode = DEFAULT")?;
    outcome
}

/// What a change did: its answer if it failed, else the tables after it and how many rows it counted. It is rolled back.
fn changed(side: &mut Side, node: &Node, change: &Change, has_warnings: bool) -> Result<Outcome, String> {
    side.run("BEGIN")?;
    for before in &change.before {
        side.ask(before)?;
    }
    let answer = side.ask(&node.to_string())?;
    let warnings = if has_warnings { side.warnings()? } else { Vec::new() };
    let after = tables_of(side, &change.tables)?;
    side.run("ROLLBACK")?;
    let answer = match answer {
        Answer::Count(count) => {
            let mut rows = after;
            rows.push(vec![Some(format!("{count} rows changed").into_bytes())]);
            Answer::Rows(Vec::new(), rows)
        }
        // What failed has changed nothing, which is looked at where a statement is small enough to be told.
        answer => answer,
    };
    Ok(Outcome { answer, warnings })
}

/// All rows, each behind its table's name.
fn tables_of(side: &mut Side, tables: &[String]) -> Result<Vec<Vec<Option<Vec<u8>>>>, String> {
    let mut all = Vec::new();
    for table in tables {
        if let Answer::Rows(_, rows) = side.ask(&format!("SELECT '{table}', {table}.* FROM {table}"))? {
            all.extend(rows);
        }
    }
    Ok(all)
}
