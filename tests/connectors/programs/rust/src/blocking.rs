//! `mysql`.

use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{Compression, Conn, LocalInfileHandler, OptsBuilder, Params, Pool, Row, SslOpts, TxOpts, Value};

use crate::shared::*;

fn options() -> OptsBuilder {
    OptsBuilder::new()
        .ip_or_hostname(Some(env("HOST")))
        .tcp_port(port())
        .user(Some("root"))
        .db_name(Some(env("DATABASE")))
        .prefer_socket(false)
        .max_allowed_packet(Some(64 << 20))
        .tcp_connect_timeout(Some(Duration::from_secs(3)))
        .read_timeout(Some(Duration::from_secs(20)))
}

/// What an application would send.
pub fn native(name: &str, kind: char, text: &str) -> Value {
    match kind {
        'i' if name == "u64" => Value::UInt(text.parse().unwrap_or_default()),
        'i' => Value::Int(text.parse().unwrap_or_default()),
        'f' => Value::Double(text.parse().unwrap_or_default()),
        'b' => Value::Bytes(from_hex(text)),
        'd' | 'D' => {
            let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok()).unwrap_or(0);
            let (hour, minute, second) = (part(11, 13) as u8, part(14, 16) as u8, part(17, 19) as u8);
            Value::Date(part(0, 4) as u16, part(5, 7) as u8, part(8, 10) as u8, hour, minute, second, part(20, 26))
        }
        't' => {
            let bare = text.trim_start_matches('-');
            let parts: Vec<u32> = bare.split([':', '.']).filter_map(|part| part.parse().ok()).collect();
            Value::Time(text.starts_with('-'), parts[0] / 24, (parts[0] % 24) as u8, parts[1] as u8, parts[2] as u8, parts[3])
        }
        _ => Value::Bytes(text.as_bytes().to_vec()),
    }
}

/// What was read, as the text that it should be.
pub fn shown(kind: char, value: &Value) -> Option<String> {
    Some(match value {
        Value::NULL => return None,
        Value::Bytes(bytes) if kind == 'b' => to_hex(bytes),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Double(number) => format!("{number:?}"),
        Value::Date(year, month, day, ..) if kind == 'd' => format!("{year:04}-{month:02}-{day:02}"),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
        }
        Value::Time(is_negative, days, hours, minutes, seconds, micros) => {
            let (sign, hours) = (if *is_negative { "-" } else { "" }, days * 24 + u32::from(*hours));
            format!("{sign}{hours:02}:{minutes:02}:{seconds:02}.{micros:06}")
        }
    })
}

pub fn check_row(values: Vec<Value>, texts: Option<&[String]>, what: &str) -> Outcome {
    for (i, (name, kind)) in columns().into_iter().enumerate() {
        let (found, wanted) = (shown(kind, &values[i]), texts.map(|texts| texts[i].clone()));
        let what = format!("{what} {name}");
        if kind == 'f' {
            let number = |text: Option<String>| text.and_then(|text| text.parse::<f64>().ok());
            check(number(found), number(wanted), &what)?;
        } else {
            check(found, wanted, &what)?;
        }
    }
    Ok(())
}

fn login(cell: &str) -> Outcome {
    let (user, is_encrypted) = user(cell)?;
    let ssl = is_encrypted.then(|| SslOpts::default().with_danger_accept_invalid_certs(true));
    let mut connection = Conn::new(options().user(Some(user.clone())).pass(Some(env("PASSWORD"))).ssl_opts(ssl))?;
    check(connection.query_first("SELECT CURRENT_USER()")?, Some(format!("{user}@%")), "who it is")?;
    let cipher: Option<(String, String)> = connection.query_first("SHOW SESSION STATUS LIKE 'Ssl_cipher'")?;
    check(cipher.is_some_and(|(_, cipher)| !cipher.is_empty()), is_encrypted, "encrypted")
}

fn text_protocol() -> Outcome {
    let mut connection = Conn::new(options())?;
    for id in [1, 2] {
        let texts = texts(id);
        let literals: Vec<String> = columns().iter().zip(&texts).map(|((name, kind), text)| {
            // It writes small doubles without an exponent, with more digits than MySQL reads.
            if *kind == 'f' { text.clone() } else { native(name, *kind, text).as_sql(false) }
        }).collect();
        connection.query_drop(format!("REPLACE INTO written (id, {}) VALUES ({id}, {})", names(), literals.join(", ")))?;
        check(connection.query_first(format!("{}{id}", env("SAME")))?, Some(1), "row as the server has it")?;
        let row: Option<Row> = connection.query_first(format!("SELECT {} FROM expected WHERE id = {id}", names()))?;
        check_row(row.ok_or("no row")?.unwrap(), Some(&texts), "expected")?;
    }
    Ok(())
}

fn prepared(ids: &[u32], is_null: bool) -> Outcome {
    let mut connection = Conn::new(options())?;
    for id in ids {
        let texts = (!is_null).then(|| texts(*id));
        let value = |(i, (name, kind)): (usize, (String, char))| {
            texts.as_ref().map_or(Value::NULL, |texts| native(&name, kind, &texts[i]))
        };
        let values: Vec<Value> = std::iter::once(Value::from(*id)).chain(columns().into_iter().enumerate().map(value)).collect();
        let marks = ", ?".repeat(values.len() - 1);
        connection.exec_drop(format!("REPLACE INTO written (id, {}) VALUES (?{marks})", names()), Params::Positional(values))?;
        check(connection.query_first(format!("{}{id}", env("SAME")))?, Some(1), "row as the server has it")?;
        for (table, key) in [("expected", id % 10), ("written", *id)] {
            let row: Option<Row> = connection.exec_first(format!("SELECT {} FROM {table} WHERE id = ?", names()), (key,))?;
            check_row(row.ok_or("no row")?.unwrap(), texts.as_deref(), table)?;
        }
    }
    Ok(())
}

fn zero_dates() -> Outcome {
    let mut connection = Conn::new(options())?;
    connection.query_drop("SET sql_mode = ''")?;
    let zero = Value::Date(0, 0, 0, 0, 0, 0, 0);
    connection.exec_drop("REPLACE INTO zero VALUES (1, ?, ?)", (zero.clone(), zero.clone()))?;
    check(connection.query_first("SELECT CONCAT(d, '/', t) FROM zero")?, Some("0000-00-00/0000-00-00 00:00:00".to_owned()), "text")?;
    let row: Option<Row> = connection.exec_first("SELECT d, t FROM zero", ())?;
    check(row.map(Row::unwrap), Some(vec![zero.clone(), zero]), "prepared")
}

fn errors() -> Outcome {
    let mut connection = Conn::new(options())?;
    for (statement, number, state, message) in mistakes() {
        for error in [connection.query_drop(statement), connection.exec_drop(statement, ())] {
            let Err(mysql::Error::MySqlError(error)) = error else { return Err(format!("{statement}: {error:?}").into()) };
            check((error.code, error.state, error.message), (number, state.to_owned(), message.clone()), statement)?;
        }
    }
    Ok(())
}

fn multi() -> Outcome {
    let mut connection = Conn::new(options())?;
    let mut result = connection.query_iter("SELECT 1; DO 0; SELECT 2; SELECT nothing FROM counts; SELECT 3")?;
    let mut found: Vec<Option<u32>> = Vec::new();
    while let Some(mut set) = result.iter() {
        found.push(set.next().transpose()?.and_then(|row: Row| row.get(0)));
        if found.len() == 3 {
            break;
        }
    }
    check(found, vec![Some(1), None, Some(2)], "results before the error")?;
    drop(result);
    check(connection.query_first("SELECT 4")?, Some(4), "afterwards")
}

fn big_packets() -> Outcome {
    let mut connection = Conn::new(options())?;
    let text = big();
    let back: Option<String> = connection.query_first(format!("SELECT '{text}'"))?;
    check(back.as_ref() == Some(&text), true, "text")?;
    let back: Option<String> = connection.exec_first("SELECT ? AS v", (&text,))?;
    check(back.as_ref() == Some(&text), true, "prepared")
}

fn transactions() -> Outcome {
    let mut connection = Conn::new(options())?;
    let insert = "INSERT INTO transactions (v) VALUES (1)";
    connection.query_drop("DELETE FROM transactions")?;
    for (commits, wanted) in [(false, 0), (true, 1)] {
        let mut work = connection.start_transaction(TxOpts::default())?;
        work.query_drop(insert)?;
        work.query_drop("SAVEPOINT here")?;
        work.query_drop(insert)?;
        work.query_drop("ROLLBACK TO SAVEPOINT here")?;
        if commits { work.commit()? } else { work.rollback()? }
        check(connection.query_first("SELECT COUNT(*) FROM transactions")?, Some(wanted), "rows")?;
    }
    Ok(())
}

fn pool() -> Outcome {
    let constraints = mysql::PoolConstraints::new(1, 1).ok_or("no pool")?;
    let pool = Pool::new(options().pool_opts(mysql::PoolOpts::default().with_constraints(constraints)))?;
    let mut connection = pool.get_conn()?;
    connection.query_drop("DELETE FROM pooled")?;
    connection.query_drop("START TRANSACTION")?;
    connection.query_drop("INSERT INTO pooled (id) VALUES (1)")?;
    drop(connection);
    check(pool.get_conn()?.query_first("SELECT COUNT(*) FROM pooled")?, Some(0), "rows of a transaction that was left open")
}

fn counts() -> Outcome {
    for (has_found, wanted) in [(false, 0), (true, 2)] {
        let flags = if has_found { mysql::consts::CapabilityFlags::CLIENT_FOUND_ROWS } else { mysql::consts::CapabilityFlags::empty() };
        let mut connection = Conn::new(options().additional_capabilities(flags))?;
        connection.query_drop("UPDATE counts SET v = 1 WHERE id IN (1, 2)")?;
        check(connection.affected_rows(), wanted, "affected rows")?;
        check(connection.info_str().into_owned(), "Rows matched: 2  Changed: 0  Warnings: 0".to_owned(), "info")?;
    }
    let mut connection = Conn::new(options())?;
    connection.query_drop("TRUNCATE TABLE numbered")?;
    connection.query_drop("INSERT INTO numbered (v) VALUES (1), (2), (3)")?;
    check((connection.affected_rows(), connection.last_insert_id()), (3, 1), "text")?;
    connection.exec_drop("INSERT INTO numbered (v) VALUES (?), (?)", (4, 5))?;
    check((connection.affected_rows(), connection.last_insert_id()), (2, 4), "prepared")
}

fn load_data() -> Outcome {
    let mut connection = Conn::new(options())?;
    let handler = LocalInfileHandler::new(|name, writer| {
        std::io::copy(&mut std::fs::File::open(String::from_utf8_lossy(name).as_ref())?, writer).map(|_| ())
    });
    connection.set_local_infile_handler(Some(handler));
    connection.query_drop("DELETE FROM loaded")?;
    connection.query_drop(format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE loaded FIELDS TERMINATED BY ','", env("FILE")))?;
    check(connection.affected_rows(), 3, "affected rows")?;
    check(connection.query_first("SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded")?, Some("36two".to_owned()), "loaded")
}

fn compression() -> Outcome {
    let mut connection = Conn::new(options().compress(Some(Compression::default())))?;
    let status: Option<(String, String)> = connection.query_first("SHOW SESSION STATUS LIKE 'Compression'")?;
    check(status.map(|(_, value)| value), Some("ON".to_owned()), "status")?;
    let text = "quorate ".repeat(200_000);
    let back: Option<String> = connection.exec_first("SELECT ?", (&text,))?;
    check(back == Some(text), true, "the same")
}

fn reset() -> Outcome {
    let mut connection = Conn::new(options())?;
    for way in 0..2 {
        connection.query_drop("SET @a = 1")?;
        connection.query_drop("START TRANSACTION")?;
        connection.query_drop("INSERT INTO pooled (id) VALUES (2)")?;
        if way == 0 {
            connection.reset()?;
        } else {
            connection.change_user(mysql::ChangeUserOpts::DEFAULT)?;
        }
        let row: Option<(Option<u32>, String, u32)> =
            connection.query_first("SELECT @a, DATABASE(), (SELECT COUNT(*) FROM pooled WHERE id = 2)")?;
        check(row, Some((None, env("DATABASE"), 0)), "afterwards")?;
    }
    Ok(())
}

fn warnings() -> Outcome {
    let mut connection = Conn::new(options())?;
    let row: Option<Option<f64>> = connection.query_first("SELECT 1/0")?;
    check(row, Some(None), "NULL")?;
    check(connection.warnings(), 1, "count")?;
    let warning: Option<(String, u16, String)> = connection.query_first("SHOW WARNINGS")?;
    check(warning, Some(("Warning".to_owned(), 1365, "Division by 0".to_owned())), "warning")
}

pub fn run(cell: &str) -> Outcome {
    match cell {
        "text" => text_protocol(),
        "prepared" => prepared(&[11, 12], false),
        "nulls" => prepared(&[13], true),
        "zero-dates" => zero_dates(),
        "warnings" => warnings(),
        "errors" => errors(),
        "multi" => multi(),
        "big" => big_packets(),
        "cursor" => skip("has no server-side cursors"),
        "transactions" => transactions(),
        "pool" => pool(),
        "counts" => counts(),
        "load-data" => load_data(),
        "compression" => compression(),
        "reset" => reset(),
        _ => login(cell),
    }
}

pub fn failover() {
    let mut state = Failover::new();
    let mut connection: Option<Conn> = None;
    while state.goes_on() {
        let mut step = || -> mysql::Result<()> {
            if connection.is_none() {
                connection = Some(Conn::new(options().tcp_port(state.port()).read_timeout(Some(Duration::from_secs(5))))?);
            }
            let Some(connection) = connection.as_mut() else { return Ok(()) };
            let there: Option<u32> = if state.is_in_doubt { connection.query_first(state.question())? } else { None };
            if there.unwrap_or(0) == 0 { connection.query_drop(state.insert()) } else { Ok(()) }
        };
        match step() {
            Ok(()) => state.acknowledged(),
            Err(_) => {
                connection = None;
                state.failed();
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    state.end();
}

