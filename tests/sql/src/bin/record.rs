//! Records what a real MySQL answers to the case files: `record ADDRESS [USER [TOPIC]]`.
//!
//! Refuses to record from a Quorate server.

use std::process::ExitCode;

use sql_tests::{
    Case, Recorded, Target, case_files, expected_path, read, render_recorded, run_case, topic, write,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(address) = arguments.first() else {
        eprintln!("usage: record ADDRESS [USER [TOPIC]]");
        return ExitCode::from(2);
    };
    let user = arguments.get(1).map_or("root", String::as_str);
    let filter = arguments.get(2).map_or("", String::as_str);
    match record(&Target { address: address.clone(), user: user.to_owned() }, filter) {
        Ok(count) => {
            println!("recorded {count} statements");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn record(target: &Target, filter: &str) -> Result<usize, String> {
    refuse_quorate(target)?;
    let mut count = 0;
    for path in case_files(filter)? {
        let topic = topic(&path);
        let case = Case::parse(&topic, &read(&path)?)?;
        let answers = run_case(target, &case)?;
        let recorded: Vec<Recorded> = case
            .statements
            .iter()
            .zip(answers)
            .map(|(statement, answer)| Recorded {
                sql: statement.sql.clone(),
                lines: answer.lines(statement.is_ordered()),
            })
            .collect();
        count += recorded.len();
        write(&expected_path(&topic), &render_recorded(&recorded))?;
    }
    Ok(count)
}

fn refuse_quorate(target: &Target) -> Result<(), String> {
    let options =
        client::blocking::Options { user: target.user.clone(), ..client::blocking::Options::unencrypted() };
    let mut connection = client::blocking::Connection::connect_with(&target.address, &options)
        .map_err(|error| error.to_string())?;
    match connection.query("SELECT @@quorate_role") {
        Ok(_) => Err("what is expected is recorded from a real MySQL, never from Quorate".to_owned()),
        Err(_) => Ok(()),
    }
}
