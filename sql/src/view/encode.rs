//! The bytes of a view as its key of the catalog holds them.
//!
//! ```text
//! view   version, the query's text, flags (1: INVOKER, 2: updatable), algorithm (0 to 2), check option (0 to 2), definer's user and host,
//!        character set, collation, count of written column names, those, then the columns as the definition of a table
//! ```

use std::sync::Arc;

use bytes::Bytes;

use super::{View, print};
use crate::Result;
use crate::account::AccountId;
use crate::ast::{Query, Statement, ViewAlgorithm, ViewCheck};
use crate::catalog::TableId;
use crate::catalog::encode::{
    DEFINITION_VERSION, read_string, read_table, read_version, write_string, write_table,
};
use crate::codec::{Input, damaged, write_varint};
use crate::variables::SqlMode;

const INVOKER: u8 = 1;
const UPDATABLE: u8 = 2;

/// The bytes of a view.
#[must_use]
pub fn write_view(view: &View) -> Bytes {
    let mut out = vec![DEFINITION_VERSION];
    write_string(&print::query(&view.query, None), &mut out);
    out.push((u8::from(view.invoker) * INVOKER) | (u8::from(view.updatable) * UPDATABLE));
    out.push(match view.algorithm {
        ViewAlgorithm::Undefined => 0,
        ViewAlgorithm::Merge => 1,
        ViewAlgorithm::TempTable => 2,
    });
    out.push(match view.check {
        ViewCheck::None => 0,
        ViewCheck::Local => 1,
        ViewCheck::Cascaded => 2,
    });
    for text in [&view.definer.user, &view.definer.host, &view.character_set, &view.collation] {
        write_string(text, &mut out);
    }
    write_varint(view.column_names.len() as u64, &mut out);
    for name in &view.column_names {
        write_string(name, &mut out);
    }
    out.extend_from_slice(&write_table(&view.table));
    Bytes::from(out)
}

/// A view from its bytes.
///
/// # Errors
/// 1105 when they are no such bytes.
pub fn read_view(bytes: &[u8]) -> Result<View> {
    let mut input = Input::new(bytes);
    read_version(&mut input)?;
    let text = read_string(&mut input)?;
    let flags = input.byte()?;
    let algorithm = match input.byte()? {
        0 => ViewAlgorithm::Undefined,
        1 => ViewAlgorithm::Merge,
        2 => ViewAlgorithm::TempTable,
        _ => return Err(damaged("a view has an unknown algorithm")),
    };
    let check = match input.byte()? {
        0 => ViewCheck::None,
        1 => ViewCheck::Local,
        2 => ViewCheck::Cascaded,
        _ => return Err(damaged("a view has an unknown check option")),
    };
    let definer = AccountId { user: read_string(&mut input)?, host: read_string(&mut input)? };
    let (character_set, collation) = (read_string(&mut input)?, read_string(&mut input)?);
    let mut column_names = Vec::new();
    for _ in 0..input.varint()? {
        column_names.push(read_string(&mut input)?);
    }
    let table = Arc::new(read_table(TableId(0), input.rest())?);
    Ok(View {
        table,
        column_names,
        query: Arc::new(parse(&text)?),
        definer,
        invoker: flags & INVOKER != 0,
        algorithm,
        check,
        updatable: flags & UPDATABLE != 0,
        character_set,
        collation,
    })
}

/// A query from its canonical text.
///
/// # Errors
/// Those of parsing.
pub fn parse(text: &str) -> Result<Query> {
    match crate::parse::parse_statement(text.as_bytes(), SqlMode::default())?.statement {
        Statement::Query(query) => Ok(*query),
        _ => Err(damaged("a view is no query")),
    }
}
