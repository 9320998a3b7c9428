//! `sqlx`.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPoolOptions, MySqlRow, MySqlSslMode};
use sqlx::query::Query;
use sqlx::{Connection, Either, Executor, MySql, Row};

use crate::shared::*;

fn options() -> MySqlConnectOptions {
    MySqlConnectOptions::new().host(&env("HOST")).port(port()).username("root").database(&env("DATABASE")).ssl_mode(MySqlSslMode::Disabled)
}

async fn connect() -> sqlx::Result<MySqlConnection> {
    MySqlConnection::connect_with(&options()).await
}

async fn text_of(connection: &mut MySqlConnection, query: &str) -> Result<String, Box<dyn std::error::Error>> {
    // SQLx sends texts of its user's program only, unless told that this one is safe.
    let row = connection.fetch_one(sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned()))).await?;
    Ok(row.try_get_unchecked::<String, _>(0)?)
}

async fn login(cell: &str) -> Outcome {
    let (user, is_encrypted) = user(cell)?;
    let mode = if is_encrypted { MySqlSslMode::Required } else { MySqlSslMode::Disabled };
    let options = options().username(&user).password(&env("PASSWORD")).ssl_mode(mode);
    let mut connection = MySqlConnection::connect_with(&options).await?;
    check(text_of(&mut connection, "SELECT CURRENT_USER()").await?, format!("{user}@%"), "who it is")?;
    let row = connection.fetch_one("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await?;
    check(!row.try_get_unchecked::<String, _>(1)?.is_empty(), is_encrypted, "encrypted")
}

fn bind<'q>(query: Query<'q, MySql, MySqlArguments>, name: &str, kind: char, text: &str) -> Query<'q, MySql, MySqlArguments> {
    match kind {
        'i' if name.starts_with('u') => query.bind(text.parse::<u64>().unwrap_or_default()),
        'i' => query.bind(text.parse::<i64>().unwrap_or_default()),
        'f' => query.bind(text.parse::<f64>().unwrap_or_default()),
        'b' => query.bind(from_hex(text)),
        // Dates need a crate of their own, with an API of its own: sent as text.
        _ => query.bind(text.to_owned()),
    }
}

fn check_row(row: &MySqlRow, texts: Option<&[String]>, what: &str) -> Outcome {
    for (i, (name, kind)) in columns().into_iter().enumerate() {
        let what = format!("{what} {name}");
        let Some(text) = texts.map(|texts| texts[i].as_str()) else {
            check(row.try_get_unchecked::<Option<Vec<u8>>, _>(i)?, None, &what)?;
            continue;
        };
        match kind {
            'i' if name == "boo" => check(row.try_get::<bool, _>(i)?, text == "1", &what)?,
            'i' if name.starts_with('u') => check(row.try_get::<u64, _>(i)?, text.parse()?, &what)?,
            'i' if name == "yea" => check(row.try_get_unchecked::<u16, _>(i)?, text.parse()?, &what)?,
            'i' => check(row.try_get::<i64, _>(i)?, text.parse()?, &what)?,
            'f' if name == "flo" => check(row.try_get::<f32, _>(i)?, text.parse()?, &what)?,
            'f' => check(row.try_get::<f64, _>(i)?, text.parse()?, &what)?,
            'b' => check(to_hex(&row.try_get::<Vec<u8>, _>(i)?), text.to_owned(), &what)?,
            's' => check(row.try_get::<String, _>(i)?, text.to_owned(), &what)?,
            'n' => check(row.try_get_unchecked::<String, _>(i)?, text.to_owned(), &what)?,
            _ => check(row.try_get_unchecked::<Vec<u8>, _>(i)?.is_empty(), false, &what)?,
        }
    }
    Ok(())
}

async fn prepared(ids: &[u32], is_null: bool) -> Outcome {
    let mut connection = connect().await?;
    for id in ids {
        let texts = (!is_null).then(|| texts(*id));
        let marks = ", ?".repeat(columns().len());
        let insert = format!("REPLACE INTO written (id, {}) VALUES (?{marks})", names());
        let mut query = sqlx::query(sqlx::AssertSqlSafe(insert)).bind(*id);
        for (i, (name, kind)) in columns().into_iter().enumerate() {
            query = match &texts {
                Some(texts) => bind(query, &name, kind, &texts[i]),
                None => query.bind(None::<String>),
            };
        }
        query.execute(&mut connection).await?;
        check(text_count(&mut connection, &format!("{}{id}", env("SAME"))).await?, 1, "row as the server has it")?;
        for (table, key) in [("expected", id % 10), ("written", *id)] {
            let query = format!("SELECT {} FROM {table} WHERE id = ?", names());
            let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(key).fetch_one(&mut connection).await?;
            check_row(&row, texts.as_deref(), table)?;
        }
    }
    Ok(())
}

async fn text_count(connection: &mut MySqlConnection, query: &str) -> Result<i64, Box<dyn std::error::Error>> {
    let row = connection.fetch_one(sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned()))).await?;
    Ok(row.try_get::<i64, _>(0)?)
}

async fn text_protocol() -> Outcome {
    let mut connection = connect().await?;
    for id in [1, 2] {
        let texts = texts(id);
        let literals: Vec<String> = columns().iter().zip(&texts).map(|((_, kind), text)| match kind {
            'i' | 'n' | 'f' => text.clone(),
            'b' => format!("X'{text}'"),
            _ => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        }).collect();
        let insert = format!("REPLACE INTO written (id, {}) VALUES ({id}, {})", names(), literals.join(", "));
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(insert))).await?;
        check(text_count(&mut connection, &format!("{}{id}", env("SAME"))).await?, 1, "row as the server has it")?;
        let query = format!("SELECT {} FROM expected WHERE id = {id}", names());
        let row = connection.fetch_one(sqlx::raw_sql(sqlx::AssertSqlSafe(query))).await?;
        check_row(&row, Some(&texts), "expected")?;
    }
    Ok(())
}

async fn errors() -> Outcome {
    let mut connection = connect().await?;
    for (statement, number, state, message) in mistakes() {
        for is_prepared in [false, true] {
            let done = if is_prepared {
                sqlx::query(statement).execute(&mut connection).await
            } else {
                connection.execute(sqlx::raw_sql(statement)).await
            };
            let Err(sqlx::Error::Database(error)) = done else { return Err(format!("{statement}: {done:?}").into()) };
            let error = error.downcast_ref::<MySqlDatabaseError>();
            let found = (error.number(), error.code().unwrap_or_default().to_owned(), error.message().to_owned());
            check(found, (number, state.to_owned(), message.clone()), statement)?;
        }
    }
    Ok(())
}

async fn multi() -> Outcome {
    let mut connection = connect().await?;
    let mut found = Vec::new();
    let error = {
        let mut results = connection.fetch_many(sqlx::raw_sql("SELECT 1; SELECT 2; SELECT nothing FROM counts; SELECT 3"));
        loop {
            match results.try_next().await {
                Ok(Some(Either::Right(row))) => found.push(row.try_get::<i64, _>(0)?),
                Ok(Some(Either::Left(_))) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        }
    };
    check(found, vec![1, 2], "results before the error")?;
    let number = match &error {
        Some(sqlx::Error::Database(error)) => error.downcast_ref::<MySqlDatabaseError>().number(),
        _ => 0,
    };
    check(number, 1054, "error of the third")?;
    check(text_count(&mut connection, "SELECT 4").await?, 4, "afterwards")
}

async fn big_packets() -> Outcome {
    let mut connection = connect().await?;
    let text = big();
    // It takes a row whose first value is this long for the end of the result: hence one before it.
    let query = format!("SELECT 1, '{text}'");
    let row = connection.fetch_one(sqlx::raw_sql(sqlx::AssertSqlSafe(query))).await?;
    check(row.try_get_unchecked::<String, _>(1)? == text, true, "text")?;
    let back: String = sqlx::query("SELECT ? AS v").bind(&text).fetch_one(&mut connection).await?.try_get(0)?;
    check(back == text, true, "prepared")
}

async fn transactions() -> Outcome {
    let mut connection = connect().await?;
    connection.execute("DELETE FROM transactions").await?;
    for (commits, wanted) in [(false, 0), (true, 1)] {
        let mut work = connection.begin().await?;
        work.execute("INSERT INTO transactions (v) VALUES (1)").await?;
        let mut nested = work.begin().await?;
        nested.execute("INSERT INTO transactions (v) VALUES (2)").await?;
        nested.rollback().await?;
        if commits { work.commit().await? } else { work.rollback().await? }
        check(text_count(&mut connection, "SELECT COUNT(*) FROM transactions").await?, wanted, "rows")?;
    }
    Ok(())
}

async fn pool() -> Outcome {
    let pool = MySqlPoolOptions::new().max_connections(1).connect_with(options()).await?;
    pool.execute("DELETE FROM pooled").await?;
    let mut work = pool.begin().await?;
    work.execute("INSERT INTO pooled (id) VALUES (1)").await?;
    drop(work);
    let mut connection = pool.acquire().await?;
    check(text_count(&mut connection, "SELECT COUNT(*) FROM pooled").await?, 0, "rows of a transaction that was left open")
}

async fn counts() -> Outcome {
    let mut connection = connect().await?;
    // It always asks for found rows.
    let done = connection.execute("UPDATE counts SET v = 1 WHERE id IN (1, 2)").await?;
    check(done.rows_affected(), 2, "found rows")?;
    connection.execute("TRUNCATE TABLE numbered").await?;
    let done = sqlx::query("INSERT INTO numbered (v) VALUES (?), (?), (?)").bind(1).bind(2).bind(3).execute(&mut connection).await?;
    check((done.rows_affected(), done.last_insert_id()), (3, 1), "prepared")?;
    let done = connection.execute(sqlx::raw_sql("INSERT INTO numbered (v) VALUES (4), (5)")).await?;
    check((done.rows_affected(), done.last_insert_id()), (2, 4), "text")
}

async fn warnings() -> Outcome {
    let mut connection = connect().await?;
    connection.execute(sqlx::raw_sql("SELECT 1/0")).await?;
    let row = connection.fetch_one(sqlx::raw_sql("SHOW WARNINGS")).await?;
    let found = (row.try_get_unchecked::<u32, _>(1)?, row.try_get::<String, _>(2)?);
    check(found, (1365, "Division by 0".to_owned()), "warning")
}

async fn zero_dates() -> Outcome {
    let mut connection = connect().await?;
    connection.execute("SET sql_mode = ''").await?;
    sqlx::query("REPLACE INTO zero VALUES (1, ?, ?)").bind("0000-00-00").bind("0000-00-00 00:00:00").execute(&mut connection).await?;
    check(text_of(&mut connection, "SELECT CONCAT(d, '/', t) FROM zero").await?, "0000-00-00/0000-00-00 00:00:00".to_owned(), "text")?;
    let row = sqlx::query("SELECT d, t FROM zero").fetch_one(&mut connection).await?;
    // In the binary protocol a zero date has no bytes.
    check(row.try_get_unchecked::<Vec<u8>, _>(0)?.iter().all(|byte| *byte == 0), true, "prepared")
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
        "load-data" => skip("has no LOAD DATA LOCAL"),
        "compression" => skip("has no compression"),
        "reset" => skip("has neither change user nor reset connection"),
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

async fn write(connection: &mut Option<MySqlConnection>, state: &Failover) -> Outcome {
    if connection.is_none() {
        *connection = Some(MySqlConnection::connect_with(&options().port(state.port())).await?);
    }
    let connection = connection.as_mut().ok_or("no connection")?;
    let there = if state.is_in_doubt { text_count(connection, &state.question()).await? } else { 0 };
    if there == 0 {
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(state.insert()))).await?;
    }
    Ok(())
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
