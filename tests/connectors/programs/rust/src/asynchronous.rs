//! `mysql_async`.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Params, Pool, PoolConstraints, PoolOpts, Row, SslOpts, TxOpts, Value};

use crate::blocking::{check_row, native};
use crate::shared::*;

fn options() -> OptsBuilder {
    OptsBuilder::default()
        .ip_or_hostname(env("HOST"))
        .tcp_port(port())
        .user(Some("root"))
        .db_name(Some(env("DATABASE")))
        .prefer_socket(false)
        .max_allowed_packet(Some(64 << 20))
}

async fn login(cell: &str) -> Outcome {
    let (user, is_encrypted) = user(cell)?;
    let ssl = is_encrypted.then(|| SslOpts::default().with_danger_accept_invalid_certs(true));
    let mut connection = Conn::new(options().user(Some(user.clone())).pass(Some(env("PASSWORD"))).ssl_opts(ssl)).await?;
    check(connection.query_first("SELECT CURRENT_USER()").await?, Some(format!("{user}@%")), "who it is")?;
    let cipher: Option<(String, String)> = connection.query_first("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await?;
    check(cipher.is_some_and(|(_, cipher)| !cipher.is_empty()), is_encrypted, "encrypted")
}

async fn text_protocol() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    for id in [1, 2] {
        let texts = texts(id);
        // It writes small doubles without an exponent, with more digits than MySQL reads.
        let literal = |((name, kind), text): (&(String, char), &String)| {
            if *kind == 'f' { text.clone() } else { native(name, *kind, text).as_sql(false) }
        };
        let literals: Vec<String> = columns().iter().zip(&texts).map(literal).collect();
        connection.query_drop(format!("REPLACE INTO written (id, {}) VALUES ({id}, {})", names(), literals.join(", "))).await?;
        check(connection.query_first(format!("{}{id}", env("SAME"))).await?, Some(1), "row as the server has it")?;
        let row: Option<Row> = connection.query_first(format!("SELECT {} FROM expected WHERE id = {id}", names())).await?;
        check_row(row.ok_or("no row")?.unwrap(), Some(&texts), "expected")?;
    }
    Ok(())
}

async fn prepared(ids: &[u32], is_null: bool) -> Outcome {
    let mut connection = Conn::new(options()).await?;
    for id in ids {
        let texts = (!is_null).then(|| texts(*id));
        let value = |(i, (name, kind)): (usize, (String, char))| {
            texts.as_ref().map_or(Value::NULL, |texts| native(&name, kind, &texts[i]))
        };
        let values: Vec<Value> = std::iter::once(Value::from(*id)).chain(columns().into_iter().enumerate().map(value)).collect();
        let marks = ", ?".repeat(values.len() - 1);
        let insert = format!("REPLACE INTO written (id, {}) VALUES (?{marks})", names());
        connection.exec_drop(insert, Params::Positional(values)).await?;
        check(connection.query_first(format!("{}{id}", env("SAME"))).await?, Some(1), "row as the server has it")?;
        for (table, key) in [("expected", id % 10), ("written", *id)] {
            let row: Option<Row> = connection.exec_first(format!("SELECT {} FROM {table} WHERE id = ?", names()), (key,)).await?;
            check_row(row.ok_or("no row")?.unwrap(), texts.as_deref(), table)?;
        }
    }
    Ok(())
}

async fn zero_dates() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    connection.query_drop("SET sql_mode = ''").await?;
    let zero = Value::Date(0, 0, 0, 0, 0, 0, 0);
    connection.exec_drop("REPLACE INTO zero VALUES (1, ?, ?)", (zero.clone(), zero.clone())).await?;
    let text: Option<String> = connection.query_first("SELECT CONCAT(d, '/', t) FROM zero").await?;
    check(text, Some("0000-00-00/0000-00-00 00:00:00".to_owned()), "text")?;
    let row: Option<Row> = connection.exec_first("SELECT d, t FROM zero", ()).await?;
    check(row.map(Row::unwrap), Some(vec![zero.clone(), zero]), "prepared")
}

async fn errors() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    for (statement, number, state, message) in mistakes() {
        for error in [connection.query_drop(statement).await, connection.exec_drop(statement, ()).await] {
            let Err(mysql_async::Error::Server(error)) = error else { return Err(format!("{statement}: {error:?}").into()) };
            check((error.code, error.state, error.message), (number, state.to_owned(), message.clone()), statement)?;
        }
    }
    Ok(())
}

async fn warnings() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    let row: Option<Option<f64>> = connection.query_first("SELECT 1/0").await?;
    check(row, Some(None), "NULL")?;
    check(connection.get_warnings(), 1, "count")?;
    let warning: Option<(String, u16, String)> = connection.query_first("SHOW WARNINGS").await?;
    check(warning, Some(("Warning".to_owned(), 1365, "Division by 0".to_owned())), "warning")
}

async fn multi() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    let mut result = connection.query_iter("SELECT 1; SELECT 2; SELECT nothing FROM counts; SELECT 3").await?;
    check(result.collect::<u32>().await?, vec![1], "first")?;
    check(result.collect::<u32>().await?, vec![2], "second")?;
    let error = result.collect::<u32>().await;
    let is_expected = matches!(&error, Err(mysql_async::Error::Server(error)) if error.code == 1054);
    check(is_expected, true, &format!("error of the third: {error:?}"))?;
    drop(result);
    check(connection.query_first("SELECT 4").await?, Some(4), "afterwards")
}

async fn big_packets() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    let text = big();
    let back: Option<String> = connection.query_first(format!("SELECT '{text}'")).await?;
    check(back.as_ref() == Some(&text), true, "text")?;
    let back: Option<String> = connection.exec_first("SELECT ? AS v", (&text,)).await?;
    check(back.as_ref() == Some(&text), true, "prepared")
}

async fn transactions() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    let insert = "INSERT INTO transactions (v) VALUES (1)";
    connection.query_drop("DELETE FROM transactions").await?;
    for (commits, wanted) in [(false, 0), (true, 1)] {
        let mut work = connection.start_transaction(TxOpts::default()).await?;
        work.query_drop(insert).await?;
        work.query_drop("SAVEPOINT here").await?;
        work.query_drop(insert).await?;
        work.query_drop("ROLLBACK TO SAVEPOINT here").await?;
        if commits { work.commit().await? } else { work.rollback().await? }
        check(connection.query_first("SELECT COUNT(*) FROM transactions").await?, Some(wanted), "rows")?;
    }
    Ok(())
}

async fn pool() -> Outcome {
    let constraints = PoolConstraints::new(1, 1).ok_or("no pool")?;
    let pool = Pool::new(options().pool_opts(PoolOpts::default().with_constraints(constraints)));
    let mut connection = pool.get_conn().await?;
    connection.query_drop("DELETE FROM pooled").await?;
    connection.query_drop("START TRANSACTION").await?;
    connection.query_drop("INSERT INTO pooled (id) VALUES (1)").await?;
    drop(connection);
    let mut connection = pool.get_conn().await?;
    check(connection.query_first("SELECT COUNT(*) FROM pooled").await?, Some(0), "rows of a transaction that was left open")?;
    drop(connection);
    Ok(pool.disconnect().await?)
}

async fn counts() -> Outcome {
    for (has_found, wanted) in [(false, 0), (true, 2)] {
        let mut connection = Conn::new(options().client_found_rows(has_found)).await?;
        connection.query_drop("UPDATE counts SET v = 1 WHERE id IN (1, 2)").await?;
        check(connection.affected_rows(), wanted, "affected rows")?;
        check(connection.info().into_owned(), "Rows matched: 2  Changed: 0  Warnings: 0".to_owned(), "info")?;
    }
    let mut connection = Conn::new(options()).await?;
    connection.query_drop("TRUNCATE TABLE numbered").await?;
    connection.query_drop("INSERT INTO numbered (v) VALUES (1), (2), (3)").await?;
    check((connection.affected_rows(), connection.last_insert_id()), (3, Some(1)), "text")?;
    connection.exec_drop("INSERT INTO numbered (v) VALUES (?), (?)", (4, 5)).await?;
    check((connection.affected_rows(), connection.last_insert_id()), (2, Some(4)), "prepared")
}

async fn load_data() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    connection.set_infile_handler(async {
        let bytes = std::fs::read(env("FILE"))?;
        let parts = vec![Ok(bytes.into())];
        Ok(Box::pin(futures_util::stream::iter(parts)) as mysql_async::InfileData)
    });
    connection.query_drop("DELETE FROM loaded").await?;
    connection.query_drop(format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE loaded FIELDS TERMINATED BY ','", env("FILE"))).await?;
    check(connection.affected_rows(), 3, "affected rows")?;
    let found: Option<String> = connection.query_first("SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded").await?;
    check(found, Some("36two".to_owned()), "loaded")
}

async fn compression() -> Outcome {
    let mut connection = Conn::new(options().compression(Some(mysql_async::Compression::default()))).await?;
    let status: Option<(String, String)> = connection.query_first("SHOW SESSION STATUS LIKE 'Compression'").await?;
    check(status.map(|(_, value)| value), Some("ON".to_owned()), "status")?;
    let text = "quorate ".repeat(200_000);
    let back: Option<String> = connection.exec_first("SELECT ?", (&text,)).await?;
    check(back == Some(text), true, "the same")
}

async fn reset() -> Outcome {
    let mut connection = Conn::new(options()).await?;
    for way in 0..2 {
        connection.query_drop("SET @a = 1").await?;
        connection.query_drop("START TRANSACTION").await?;
        connection.query_drop("INSERT INTO pooled (id) VALUES (2)").await?;
        if way == 0 {
            check(connection.reset().await?, true, "reset")?;
        } else {
            connection.change_user(mysql_async::ChangeUserOpts::default()).await?;
        }
        let query = "SELECT @a, DATABASE(), (SELECT COUNT(*) FROM pooled WHERE id = 2)";
        let row: Option<(Option<u32>, String, u32)> = connection.query_first(query).await?;
        check(row, Some((None, env("DATABASE"), 0)), "afterwards")?;
    }
    Ok(())
}

async fn one(cell: &str) -> Outcome {
    match cell {
        "text" => text_protocol().await,
        "prepared" => prepared(&[11, 12], false).await,
        "nulls" => prepared(&[13], true).await,
        "zero-dates" => zero_dates().await,
        "warnings" => warnings().await,
        "errors" => errors().await,
        "multi" => multi().await,
        "big" => big_packets().await,
        "cursor" => skip("has no server-side cursors"),
        "transactions" => transactions().await,
        "pool" => pool().await,
        "counts" => counts().await,
        "load-data" => load_data().await,
        "compression" => compression().await,
        "reset" => reset().await,
        _ => login(cell).await,
    }
}

fn wait<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async { tokio::time::timeout(Duration::from_secs(70), work).await })?)
}

pub fn run(cell: &str) -> Outcome {
    wait(async { tokio::time::timeout(Duration::from_secs(20), one(cell)).await })??
}

async fn write(connection: &mut Option<Conn>, state: &Failover) -> Outcome {
    if connection.is_none() {
        *connection = Some(Conn::new(options().tcp_port(state.port())).await?);
    }
    let connection = connection.as_mut().ok_or("no connection")?;
    let there: Option<u32> = if state.is_in_doubt { connection.query_first(state.question()).await? } else { None };
    Ok(if there.unwrap_or(0) == 0 { connection.query_drop(state.insert()).await? })
}

async fn failover_() {
    let mut state = Failover::new();
    let mut connection = None;
    while state.goes_on() {
        match tokio::time::timeout(Duration::from_secs(5), write(&mut connection, &state)).await {
            Ok(Ok(())) => state.acknowledged(),
            Ok(Err(_)) | Err(_) => {
                connection = None;
                state.failed();
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    state.end();
}

pub fn failover() {
    if let Err(error) = wait(failover_()) {
        println!("failover fail: {error}");
    }
}
