//! Compares a running server with what MySQL said: `compare ADDRESS [USER [TOPIC]]`, for work on a topic.

use std::process::ExitCode;

use sql_tests::{Target, case_files, compare_file, topic};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(address) = arguments.first() else {
        eprintln!("usage: compare ADDRESS [USER [TOPIC]]");
        return ExitCode::from(2);
    };
    let user = arguments.get(1).map_or("root", String::as_str);
    let target = Target { address: address.clone(), user: user.to_owned() };
    let files = match case_files(arguments.get(2).map_or("", String::as_str)) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut is_same = true;
    for path in files {
        match compare_file(&target, &path, false) {
            Ok(report) => {
                is_same &= report.differences.is_empty();
                for difference in &report.differences {
                    println!("{difference}");
                }
                let same = report.statement_count - report.differences.len();
                println!("=== {}: {same} of {} statements", topic(&path), report.statement_count);
            }
            Err(error) => {
                is_same = false;
                println!("=== {}: {error}", topic(&path));
            }
        }
    }
    if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
