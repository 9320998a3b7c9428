//! Values stored into columns against what MySQL 9.7 made of them: `sql/tests/store/columns.txt`.

use crate::ast::{Statement, TableName};
use crate::catalog::test_support::{TestNode, session};
use crate::expression::golden::value_of;
use crate::types::store::store;
use crate::types::text::{as_str, write_text};
use crate::types::{DataType, Value};
use crate::variables::SqlMode;

/// Cases whose outcome differs from MySQL's, and why: type, mode, value.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[];

fn column_type(text: &str) -> DataType {
    let statement = format!("CREATE TABLE t (c {text} NULL)");
    let parsed = crate::parse::parse_statement(statement.as_bytes(), session().variables.sql_mode).unwrap();
    let Statement::CreateTable(table) = parsed.statement else { panic!("no table: {text}") };
    assert_eq!(table.name, TableName { database: None, table: "t".into() });
    table.columns[0].data_type
}

#[test]
fn columns_store_as_mysqls() {
    let mut node = TestNode::new();
    let (mut checked, mut wrong) = (0, Vec::new());
    let file = include_str!("../../tests/store/columns.txt");
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, mode, text, stored, codes] = fields[..] else { panic!("{line}") };
        let data_type = column_type(kind);
        let mut session = session();
        if mode == "lax" {
            session.variables.sql_mode = SqlMode(0);
        }
        let value = value_of(text, &mut node, &mut session).unwrap();
        session.warnings.clear();
        let mut txn = node.begin();
        let result = node.with_context(&mut txn, &mut session, &[], |ctx| {
            ctx.strict = mode == "strict";
            store(value, &data_type, "c", 1, ctx)
        });
        let (answer, warnings) = match result {
            Err(error) => (format!("ERROR {}", error.code), String::new()),
            Ok(value) => {
                let mut out = Vec::new();
                write_text(&value, &data_type, &mut out);
                let shown = match &value {
                    Value::Null => "NULL".to_string(),
                    Value::Blob(bytes) => format!("x{}", crate::types::convert::hex_upper(bytes, usize::MAX)),
                    _ => as_str(&out).to_string(),
                };
                let codes: Vec<String> =
                    session.warnings.iter().map(|warning| warning.code.to_string()).collect();
                (shown, codes.join(","))
            }
        };
        let known = DIFFERENCES.iter().any(|known| (known.0, known.1, known.2) == (kind, mode, text));
        checked += 1;
        if ((answer.as_str(), warnings.as_str()) == (stored, codes)) == known {
            wrong.push(format!(
                "{kind} {mode} {text}\n    MySQL: {stored} {codes}\n    here:  {answer} {warnings}"
            ));
        }
    }
    assert!(checked > 250, "only {checked} cases");
    assert!(wrong.is_empty(), "{} of {checked} differ (or no longer do):\n{}", wrong.len(), wrong.join("\n"));
}
