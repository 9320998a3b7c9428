//! CREATE TABLE … SELECT: the columns that a query gives, and its rows.
//!
//! A column of the query that is a column of a table takes over its type, default, comment and ON UPDATE; any other is made of the type of
//! its expression. One that is among the definitions written has that definition, at the query's place. The table and its rows are written
//! in one transaction: there is no table when a row cannot be written.
//!
//! Left out: parameters (refused by the parser), and defaults of columns that read other columns.

use std::sync::Arc;

use bytes::Bytes;

use super::metadata_lock_key;
use crate::account::{Privilege, PrivilegeSet};
use crate::ast::{
    ColumnDefinition, CreateSelect, CreateTable, Expr, Insert, InsertSource, InventoryHints, Statement,
    TableName,
};
use crate::authorization::{Needs, Requirement, Requirements};
use crate::bind::Binder;
use crate::catalog::{Catalog, Column, ColumnDefault, Table, is_system_database, same_name};
use crate::dml::default::{declared, implicit};
use crate::execute::{Context, Outcome, ResultColumn, Run};
use crate::expression::{Expression, announce};
use crate::parse::parse_expression;
use crate::plan::node::{Body, Node};
use crate::plan::{Plan, Planned, plan_statement};
use crate::session::SessionState;
use crate::types::{DataType, MemberSet, TypeKind, Value};
use crate::{Error, Result};

/// Digits and sign up to which MySQL makes an INT of what a function gives.
const FUNCTION_INT_WIDTH_MAX: u32 = 11;

/// A query whose columns are known.
pub struct Selected {
    plan: Plan,
    /// Names of its columns, in order.
    names: Vec<String>,
}

impl CreateSelect {
    fn statement(&self) -> Statement {
        Statement::Query(Box::new(self.query.clone()))
    }

    /// What it needs besides CREATE: to read the tables of the query, and to write rows.
    #[must_use]
    pub fn needs(&self, into: Option<TableName>, session: &SessionState) -> Requirements {
        let mut needed = Requirements::none();
        if let Some(table) = into {
            let privileges = if self.replace {
                PrivilegeSet::of(&[Privilege::Insert, Privilege::Delete])
            } else {
                PrivilegeSet::of(&[Privilege::Insert])
            };
            needed.add(Requirement::Table { privileges, table });
        }
        needed.append(crate::authorization::tables::of_planned(&self.statement(), session));
        needed
    }

    /// The statement that puts its rows into a table that is there.
    #[must_use]
    pub fn insert(&self, table: TableName, columns: Vec<String>) -> Insert {
        Insert {
            table,
            columns,
            source: InsertSource::Query(Box::new(self.query.clone())),
            replace: self.replace,
            ignore: self.ignore,
            on_duplicate: Vec::new(),
            row_alias: None,
            partitions: Vec::new(),
            hints: InventoryHints::default(),
        }
    }

    /// Plans the query, for its columns and tables.
    ///
    /// # Errors
    /// Those of planning, and of missing privileges.
    pub fn select(&self, catalog: &Arc<Catalog>, session: &SessionState) -> Result<Selected> {
        let plan = plan_statement(&self.statement(), catalog, session)?;
        plan.requirements.check(session)?;
        let names = plan.result_columns().iter().map(|column| column.name.clone()).collect();
        Ok(Selected { plan, names })
    }
}

impl Selected {
    /// Names of its columns, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The metadata locks of the tables that it reads.
    #[must_use]
    pub fn lock_keys(&self) -> Vec<Bytes> {
        let tables = self.plan.tables().iter();
        tables.map(|table| metadata_lock_key(&table.database, &table.name)).collect()
    }

    /// The statement with all its columns: those that only it defines, then those of the query.
    ///
    /// # Errors
    /// 1235.
    pub fn define(&self, create: &CreateTable, ctx: &Context<'_>) -> Result<CreateTable> {
        let mut columns = Vec::with_capacity(create.columns.len() + self.names.len());
        let is_selected =
            |definition: &ColumnDefinition| self.names.iter().any(|name| same_name(name, &definition.name));
        columns.extend(create.columns.iter().filter(|definition| !is_selected(definition)).cloned());
        for (position, column) in self.plan.result_columns().iter().enumerate() {
            let written = create.columns.iter().find(|definition| same_name(&definition.name, &column.name));
            columns.push(match written {
                Some(definition) => definition.clone(),
                None => {
                    let (expression, stored) = self.origin(position);
                    definition_of(column, expression, stored, ctx)?
                }
            });
        }
        Ok(CreateTable { columns, select: None, ..create.clone() })
    }

    /// What a column is computed by, and the column of a stored table that it is, where the plan tells.
    fn origin(&self, position: usize) -> (Option<&Expression>, Option<&Column>) {
        let Planned::Query(query) = &self.plan.statement else { return (None, None) };
        let select = match &query.body {
            Body::Select(select) => select,
            Body::Set(_) | Body::Values(_) | Body::Recursive(_) => return (None, None),
        };
        let expression = select.project.get(position);
        let stored = match (expression, &select.source) {
            (Some(Expression::Column { index, .. }), Some(source)) => stored_column(source, *index),
            _ => None,
        };
        (expression, stored)
    }
}

/// Writes the rows of the query into the table that is made.
///
/// # Errors
/// Those of an INSERT … SELECT; suspends.
pub fn fill(ctx: &mut Context<'_>, table: Table, select: &CreateSelect, names: &[String]) -> Run<Outcome> {
    let name = TableName { database: Some(table.database.clone()), table: table.name.clone() };
    let insert = select.insert(name, names.to_vec());
    let needs = Needs::default();
    let plan = {
        let binder = Binder::new(ctx.catalog, ctx.session, &needs);
        crate::dml::insert::plan_into(&insert, Arc::new(table), binder)?
    };
    if needs.has_writing_function() {
        return Err(Error::not_supported("CREATE TABLE … SELECT of functions that change rows").into());
    }
    ctx.locking.isolation = ctx.session.variables.isolation;
    ctx.txn.take_snapshot();
    crate::execute::strictly(ctx, plan.ignore, |ctx| crate::dml::insert::run(&plan, ctx))
}

/// The definition that a column of a query comes to.
fn definition_of(
    column: &ResultColumn,
    expression: Option<&Expression>,
    stored: Option<&Column>,
    ctx: &Context<'_>,
) -> Result<ColumnDefinition> {
    let data_type = match (&stored, expression) {
        (Some(stored), _) => stored.data_type,
        (None, expression) => type_of(column.data_type, expression),
    };
    let members = MemberSet::of_kind(data_type.kind).map(|set| set.members().to_vec()).unwrap_or_default();
    let mut made = ColumnDefinition {
        name: column.name.clone(),
        data_type,
        members,
        warnings: Vec::new(),
        collation_given: true,
        nullable: Some(column.nullable || data_type.is_json() && stored.is_none()),
        default: None,
        on_update_now: false,
        auto_increment: false,
        comment: String::new(),
        default_is_expression: false,
        generated: None,
        invisible: false,
        checks: Vec::new(),
    };
    match stored {
        Some(stored) => take_over(stored, &mut made, ctx)?,
        // Of a table that the server makes up.
        None if is_system_database(&column.database) => {}
        None if !column.nullable => {
            made.default = has_implicit_default(&data_type).then(|| Expr::Literal(implicit(&data_type)));
        }
        None => {}
    }
    Ok(made)
}

/// The column of a stored table whose slot this is.
fn stored_column(node: &Node, slot: usize) -> Option<&Column> {
    match node {
        Node::Scan(scan) => scan.table.columns.get(slot.checked_sub(scan.base)?),
        Node::Rows(_) => None,
        Node::Join(join) if join.inner_slots.contains(&slot) => stored_column(&join.inner, slot),
        Node::Join(join) => stored_column(&join.outer, slot),
        Node::Filter(filter) => stored_column(&filter.input, slot),
    }
}

/// Default, comment and ON UPDATE of a column of a table.
fn take_over(stored: &Column, made: &mut ColumnDefinition, ctx: &Context<'_>) -> Result<()> {
    made.comment.clone_from(&stored.comment);
    made.on_update_now = stored.on_update_now;
    match &stored.default {
        _ if stored.auto_increment => made.default = Some(Expr::Literal(implicit(&stored.data_type))),
        ColumnDefault::None => {}
        ColumnDefault::Constant(Value::Null) => {}
        ColumnDefault::Constant(_) => made.default = declared(stored, ctx).map(Expr::Literal),
        ColumnDefault::Now => {
            let digits = stored.data_type.fsp();
            let arguments = match digits {
                0 => Vec::new(),
                digits => vec![Expr::Literal(Value::Int(i64::from(digits)))],
            };
            made.default = Some(Expr::Function { name: "NOW".to_owned(), arguments });
        }
        ColumnDefault::Expression(text) if text.contains('`') => {
            return Err(Error::not_supported(format_args!(
                "CREATE TABLE … SELECT of column '{}', whose default reads other columns",
                stored.name
            )));
        }
        ColumnDefault::Expression(text) => {
            made.default = Some(parse_expression(text)?);
            made.default_is_expression = true;
        }
    }
    Ok(())
}

/// Whether MySQL gives a column of this type, that may not be NULL, the default 0 or ''.
fn has_implicit_default(data_type: &DataType) -> bool {
    match data_type.kind {
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::BigInt
        | TypeKind::Float
        | TypeKind::Double
        | TypeKind::Decimal { .. }
        | TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::Time(_) => true,
        TypeKind::Null
        | TypeKind::Year
        | TypeKind::Bit(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Date
        | TypeKind::DateTime(_)
        | TypeKind::Timestamp(_)
        | TypeKind::Enum(_)
        | TypeKind::Set(_)
        | TypeKind::Json => false,
    }
}

/// The type of a column that is made of an expression.
fn type_of(data_type: DataType, expression: Option<&Expression>) -> DataType {
    match data_type.kind {
        TypeKind::Null => DataType::varbinary(0),
        TypeKind::BigInt => {
            let kind = if is_short(expression) { TypeKind::Int } else { TypeKind::BigInt };
            DataType { display_width: 0, kind, ..data_type }
        }
        // However short the text is that it has now.
        TypeKind::VarChar(_) if matches!(expression, Some(Expression::UserVariable { .. })) => {
            DataType { kind: TypeKind::LongText, ..data_type }
        }
        TypeKind::Char(length) if expression.is_some() => {
            DataType { kind: TypeKind::VarChar(length), unsigned: false, ..data_type }
        }
        TypeKind::VarChar(length) if length > announce::VARCHAR_MAX && is_long(expression) => {
            DataType { kind: TypeKind::Text, unsigned: false, ..data_type }
        }
        TypeKind::VarBinary(length) if length > announce::VARCHAR_MAX && is_long(expression) => {
            DataType { kind: TypeKind::Blob, unsigned: false, ..data_type }
        }
        TypeKind::Binary(length) if is_long(expression) => {
            DataType { kind: TypeKind::VarBinary(length), unsigned: false, ..data_type }
        }
        TypeKind::Text | TypeKind::MediumText if is_long(expression) => {
            DataType { kind: TypeKind::LongText, unsigned: false, ..data_type }
        }
        TypeKind::Blob | TypeKind::MediumBlob if is_long(expression) => {
            DataType { kind: TypeKind::LongBlob, unsigned: false, ..data_type }
        }
        // UNSIGNED of a hexadecimal literal is about it as a number.
        _ if data_type.is_string() => DataType { unsigned: false, ..data_type },
        TypeKind::TinyInt
        | TypeKind::SmallInt
        | TypeKind::MediumInt
        | TypeKind::Int
        | TypeKind::Float
        | TypeKind::Double
        | TypeKind::Decimal { .. }
        | TypeKind::Char(_)
        | TypeKind::VarChar(_)
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText
        | TypeKind::Binary(_)
        | TypeKind::VarBinary(_)
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob
        | TypeKind::Date
        | TypeKind::Time(_)
        | TypeKind::DateTime(_)
        | TypeKind::Timestamp(_)
        | TypeKind::Year
        | TypeKind::Bit(_)
        | TypeKind::Enum(_)
        | TypeKind::Set(_)
        | TypeKind::Json => data_type,
    }
}

/// Whether it is an expression, whose long text is as long as can be, and no column of a table or of a group.
fn is_long(expression: Option<&Expression>) -> bool {
    expression.is_some_and(|expression| !expression.is_column())
}

/// Whether an integer becomes an INT rather than a BIGINT: a function's may have a digit more than others.
fn is_short(expression: Option<&Expression>) -> bool {
    expression.is_some_and(|expression| match expression {
        Expression::Call { .. } | Expression::Arithmetic { .. } | Expression::Negate { .. } => {
            announce::width(expression) <= FUNCTION_INT_WIDTH_MAX
        }
        _ => announce::width(expression) < announce::INT_WIDTH,
    })
}
