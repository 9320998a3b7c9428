//! How a command that changes something ends: with a sentence or an object, and an exit code that tells a script what happened.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 a command line that makes no sense (clap's own code).

use std::process::ExitCode;

use serde_json::{Value, json};

/// A command that was carried out.
#[derive(Debug)]
pub struct Done {
    /// For people.
    pub text: String,
    /// For programs: an object, to which `done` is added.
    pub value: Value,
}

/// Prints how a command ended.
///
/// # Errors
/// The message, when it is not printed as JSON here.
pub fn finish(as_json: bool, outcome: Result<Done, String>) -> Result<ExitCode, String> {
    if !as_json {
        println!("{}", outcome?.text);
        return Ok(ExitCode::SUCCESS);
    }
    let (value, code) = as_value(outcome);
    println!("{value:#}");
    Ok(ExitCode::from(code))
}

fn as_value(outcome: Result<Done, String>) -> (Value, u8) {
    match outcome {
        Ok(Done { value: Value::Object(mut fields), .. }) => {
            fields.insert("done".into(), true.into());
            (Value::Object(fields), 0)
        }
        Ok(Done { value, .. }) => (json!({ "done": true, "result": value }), 0),
        Err(error) => (json!({ "done": false, "error": error }), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_sees_whether_it_was_done() {
        let done = Done { text: "x".into(), value: json!({ "node": 4 }) };
        assert_eq!(as_value(Ok(done)), (json!({ "node": 4, "done": true }), 0));
        assert_eq!(as_value(Err("no".into())), (json!({ "done": false, "error": "no" }), 1));
    }
}
