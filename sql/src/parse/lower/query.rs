//! SELECT, set operations, WITH and FROM.

use std::sync::Arc;

use sqlparser::ast::{
    Cte, Distinct, Expr as Parsed, GroupByExpr, GroupByWithModifier, Join, JoinConstraint, JoinOperator,
    LimitClause, LockClause, LockType, NonBlock, OrderByExpr, OrderByKind, Query as ParsedQuery,
    Select as ParsedSelect, SelectItem as ParsedItem, SelectItemQualifiedWildcardKind, SetExpr,
    SetOperator as ParsedOperator, SetQuantifier, Spanned, TableAlias, TableAliasColumnDef, TableFactor,
    TableIndexHintType, TableWithJoins, Value as ParsedValue, Values as ParsedValues, With as ParsedWith,
};

use crate::ast::{
    CommonTable, Expr, IndexHint, IndexHintKind, JoinCondition, JoinKind, Locking, OrderItem, Query,
    QueryBody, Select, SelectItem, SetOperator, TableExpr, With,
};
use crate::error::Error;
use crate::limits::JOIN_TABLES_MAX;
use crate::parse::chains::too_many_tables;
use crate::parse::lower::{Lower, place};

impl Lower<'_, '_> {
    /// Lowers a query.
    pub(crate) fn query(&self, query: ParsedQuery) -> crate::Result<Query> {
        let with = query.with.map(|with| self.with(with)).transpose()?.map(Box::new);
        if query.fetch.is_some()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(self.end());
        }
        let order_by = match query.order_by {
            None => Vec::new(),
            Some(order_by) => match order_by.kind {
                OrderByKind::Expressions(items) if order_by.interpolate.is_none() => self.order_by(items)?,
                _ => return Err(self.end()),
            },
        };
        let (limit, offset) = self.limit(query.limit_clause)?;
        let locking = self.locking(query.locks)?;
        let body = self.body(*query.body)?;
        let mut query = match body {
            // `(SELECT …)` alone is the query inside, unless the outside adds something of its own.
            Body::Query(inner) if order_by.is_empty() && limit.is_none() && locking.is_none() => *inner,
            Body::Query(inner) if inner.is_bare() => {
                Query { with: None, body: inner.body, order_by, limit, offset, locking }
            }
            Body::Query(inner) => {
                Query { with: None, body: QueryBody::Nested(inner), order_by, limit, offset, locking }
            }
            Body::Plain(body) => Query { with: None, body, order_by, limit, offset, locking },
        };
        query.add_with(with);
        Ok(query)
    }

    /// WITH.
    fn with(&self, with: ParsedWith) -> crate::Result<With> {
        let tables = with.cte_tables.into_iter().map(|table| self.common_table(table));
        Ok(With { recursive: with.recursive, tables: tables.collect::<crate::Result<_>>()? })
    }

    fn common_table(&self, table: Cte) -> crate::Result<Arc<CommonTable>> {
        if table.materialized.is_some() || table.from.is_some() {
            return Err(self.source.syntax_span(table.alias.name.span));
        }
        let columns = self.column_names(table.alias.columns)?;
        let name = self.name(table.alias.name)?;
        Ok(Arc::new(CommonTable { name, columns, query: self.query(*table.query)? }))
    }

    pub(crate) fn order_by(&self, items: Vec<OrderByExpr>) -> crate::Result<Vec<OrderItem>> {
        items
            .into_iter()
            .map(|item| self.order_item(item).map(|(expr, descending)| OrderItem { expr, descending }))
            .collect()
    }

    fn limit(&self, clause: Option<LimitClause>) -> crate::Result<(Option<Expr>, Option<Expr>)> {
        match clause {
            None => Ok((None, None)),
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                let limit = limit.map(|limit| self.limit_value(limit)).transpose()?;
                let offset = offset.map(|offset| self.limit_value(offset.value)).transpose()?;
                match limit {
                    None if offset.is_some() => Err(self.end()),
                    limit => Ok((limit, offset)),
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                Ok((Some(self.limit_value(limit)?), Some(self.limit_value(offset)?)))
            }
        }
    }

    /// A number of rows: an unsigned integer or a parameter, nothing else.
    pub(crate) fn limit_value(&self, value: Parsed) -> crate::Result<Expr> {
        let span = place(&value);
        if !matches!(value, Parsed::Value(_))
            && (self.source.locals.is_none() || !matches!(value, Parsed::Identifier(_)))
        {
            return Err(self.source.syntax_span(span));
        }
        match self.expr(value)? {
            expr @ Expr::Parameter(_) => Ok(expr),
            Expr::Literal(value @ (crate::types::Value::Int(_) | crate::types::Value::UInt(_))) => {
                Ok(Expr::Literal(value))
            }
            _ => Err(self.source.syntax_span(span)),
        }
    }

    fn locking(&self, locks: Vec<LockClause>) -> crate::Result<Option<Locking>> {
        let mut clauses = locks.into_iter();
        let Some(first) = clauses.next() else { return Ok(None) };
        let mut first = self.locking_clause(first)?;
        first.more = clauses.map(|clause| self.locking_clause(clause)).collect::<crate::Result<_>>()?;
        Ok(Some(first))
    }

    fn locking_clause(&self, clause: LockClause) -> crate::Result<Locking> {
        let of = match clause.of {
            None => Vec::new(),
            Some(name) => {
                let name = self.table_name(name)?;
                if name.database.is_some() {
                    return Err(Error::not_supported("a database name in FOR UPDATE OF"));
                }
                vec![name.table]
            }
        };
        Ok(Locking {
            exclusive: clause.lock_type == LockType::Update,
            nowait: clause.nonblock == Some(NonBlock::Nowait),
            skip_locked: clause.nonblock == Some(NonBlock::SkipLocked),
            of,
            more: Vec::new(),
        })
    }

    /// Error 1064 at the end of the text, for what has no place of its own.
    fn end(&self) -> Error {
        self.source.syntax_at(self.source.text.len())
    }

    fn body(&self, body: SetExpr) -> crate::Result<Body> {
        match body {
            SetExpr::Select(select) => Ok(Body::Plain(QueryBody::Select(Box::new(self.select(*select)?)))),
            SetExpr::Query(query) => Ok(Body::Query(Box::new(self.query(*query)?))),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let all = match set_quantifier {
                    SetQuantifier::All => true,
                    SetQuantifier::Distinct | SetQuantifier::None => false,
                    _ => return Err(self.end()),
                };
                let operator = match op {
                    ParsedOperator::Union => SetOperator::Union,
                    ParsedOperator::Except => SetOperator::Except,
                    ParsedOperator::Intersect => SetOperator::Intersect,
                    ParsedOperator::Minus => return Err(self.end()),
                };
                let left = Box::new(self.body(*left)?.into_query());
                let right = Box::new(self.body(*right)?.into_query());
                if !matches!(&right.body, QueryBody::Nested(_)) && has_found_rows(&right) {
                    return Err(misplaced_found_rows());
                }
                Ok(Body::Plain(QueryBody::SetOperation { operator, left, right, all }))
            }
            SetExpr::Values(values) => self.values(values).map(Body::Plain),
            // `TABLE t` was rewritten as a SELECT: what is left is not one.
            SetExpr::Table(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_) => Err(self.end()),
        }
    }

    /// `VALUES ROW(…), …`: each row says ROW.
    fn values(&self, values: ParsedValues) -> crate::Result<QueryBody> {
        let mut rows = Vec::with_capacity(values.rows.len());
        for row in values.rows {
            let place = self.source.offset(row.opening_token.0.span);
            let before = self.source.text[..place].trim_ascii_end();
            let says_row = before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"ROW");
            if values.value_keyword || !says_row {
                return Err(self.source.syntax_at(place));
            }
            rows.push(self.exprs(row.content)?);
        }
        Ok(QueryBody::Values(rows))
    }

    fn select(&self, select: ParsedSelect) -> crate::Result<Select> {
        let offset = self.source.offset(select.select_token.0.span);
        let stray = select.top.is_some()
            || select.exclude.is_some()
            || !select.lateral_views.is_empty()
            || select.prewhere.is_some()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.qualify.is_some()
            || select.value_table_mode.is_some();
        if stray {
            return Err(self.source.syntax_at(offset));
        }
        if select.into.is_some() {
            return Err(Error::not_supported("SELECT … INTO"));
        }
        let modifiers = select.select_modifiers.unwrap_or_default();
        let distinct = match select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(_)) => return Err(self.source.syntax_at(offset)),
        };
        let items = select
            .projection
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.item(item, offset, index))
            .collect::<crate::Result<_>>()?;
        let (group_by, rollup) = self.group_by(select.group_by, offset)?;
        Ok(Select {
            distinct,
            calc_found_rows: modifiers.sql_calc_found_rows,
            items,
            from: self.from(select.from)?,
            filter: select.selection.map(|filter| self.expr(filter)).transpose()?,
            group_by,
            rollup,
            having: select.having.map(|having| self.expr(having)).transpose()?,
            windows: self.named_windows(select.named_window)?,
        })
    }

    fn item(&self, item: ParsedItem, offset: usize, index: usize) -> crate::Result<SelectItem> {
        match item {
            ParsedItem::UnnamedExpr(expr) => {
                // A string literal names its column by its (first) content, anything else by its text.
                let text = match &expr {
                    Parsed::Value(value)
                        if matches!(
                            value.value,
                            ParsedValue::SingleQuotedString(_) | ParsedValue::NationalStringLiteral(_)
                        ) =>
                    {
                        self.literal_name(offset, index)
                    }
                    _ => self.source.item_text(offset, index),
                };
                let expr = self.expr(expr)?;
                let alias = constant_name(&expr);
                Ok(SelectItem::Expression { expr, alias, text })
            }
            ParsedItem::ExprWithAlias { expr, alias } => Ok(SelectItem::Expression {
                expr: self.expr(expr)?,
                alias: Some(self.alias(alias)?),
                text: self.source.item_text(offset, index),
            }),
            ParsedItem::Wildcard(options) => {
                if index > 0 {
                    return Err(self.source.syntax_span(options.wildcard_token.0.span));
                }
                Ok(SelectItem::Wildcard)
            }
            ParsedItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = self.table_name(name)?;
                Ok(SelectItem::TableWildcard { database: name.database, table: name.table })
            }
            ParsedItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                Err(self.source.syntax_span(place(&expr)))
            }
            ParsedItem::ExprWithAliases { expr, .. } => Err(self.source.syntax_span(place(&expr))),
        }
    }

    /// The column name of a string literal: its content, of several adjacent ones the first's, without leading blanks.
    fn literal_name(&self, offset: usize, index: usize) -> String {
        use crate::parse::lexer::{Kind, Lexer};
        use crate::variables::SqlMode;
        let text = self.source.item_text(offset, index);
        let mut lexer = Lexer::new(text.as_bytes(), self.source.mode);
        while let Ok(lexeme) = lexer.next() {
            let raw = &text.as_bytes()[lexeme.start..lexeme.end];
            let raw = match lexeme.kind {
                Kind::Text => raw,
                Kind::National => &raw[1..],
                Kind::End => break,
                _ => continue,
            };
            let name =
                crate::parse::literal::unquote(raw, !self.source.mode.has(SqlMode::NO_BACKSLASH_ESCAPES));
            return String::from_utf8_lossy(&name).trim_start().to_owned();
        }
        text
    }

    /// The expressions of GROUP BY, and whether there is a WITH ROLLUP, or all of it is `ROLLUP (…)`.
    fn group_by(&self, group_by: GroupByExpr, offset: usize) -> crate::Result<(Vec<Expr>, bool)> {
        match group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => {
                match <[Parsed; 1]>::try_from(exprs) {
                    Ok([Parsed::Function(call)]) if is_rollup(&call) => {
                        let span = call.name.span();
                        match self.function(call)? {
                            Expr::Function { arguments, .. } if !arguments.is_empty() => {
                                Ok((arguments, true))
                            }
                            _ => Err(self.source.syntax_span(span)),
                        }
                    }
                    Ok(exprs) => Ok((self.exprs(exprs.into())?, false)),
                    Err(exprs) => Ok((self.exprs(exprs)?, false)),
                }
            }
            GroupByExpr::Expressions(exprs, modifiers)
                if matches!(modifiers.as_slice(), [GroupByWithModifier::Rollup]) =>
            {
                Ok((self.exprs(exprs)?, true))
            }
            GroupByExpr::Expressions(..) | GroupByExpr::All(_) => Err(self.source.syntax_at(offset)),
        }
    }

    /// A FROM clause; none for DUAL.
    pub(crate) fn from(&self, tables: Vec<TableWithJoins>) -> crate::Result<Option<TableExpr>> {
        if tables.len() > JOIN_TABLES_MAX {
            return Err(too_many_tables());
        }
        if let [TableWithJoins { relation: TableFactor::Table { name, alias: None, .. }, joins }] =
            tables.as_slice()
        {
            let is_dual = matches!(name.0.as_slice(), [part] if part.as_ident().is_some_and(|ident| {
                ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("dual")
            }));
            if is_dual && joins.is_empty() {
                return Ok(None);
            }
        }
        let mut tree = None;
        for table in tables {
            let right = self.joins(table)?;
            tree = Some(match tree {
                None => right,
                Some(left) => inner(left, right, JoinCondition::None),
            });
        }
        Ok(tree)
    }

    fn joins(&self, table: TableWithJoins) -> crate::Result<TableExpr> {
        let mut tree = self.factor(table.relation)?;
        for join in table.joins {
            tree = self.join(tree, join)?;
        }
        Ok(tree)
    }

    fn join(&self, left: TableExpr, join: Join) -> crate::Result<TableExpr> {
        let (kind, constraint) = match join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::CrossJoin(constraint)
            | JoinOperator::StraightJoin(constraint) => (JoinKind::Inner, constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                (JoinKind::Left, constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                (JoinKind::Right, constraint)
            }
            _ => return Err(self.end()),
        };
        let condition = match constraint {
            JoinConstraint::On(expr) => JoinCondition::On(self.expr(expr)?),
            JoinConstraint::Using(names) => JoinCondition::Using(
                names
                    .into_iter()
                    .map(|name| Ok(self.table_name(name)?.table))
                    .collect::<crate::Result<_>>()?,
            ),
            JoinConstraint::Natural => JoinCondition::Natural,
            JoinConstraint::None if kind == JoinKind::Inner => JoinCondition::None,
            // LEFT and RIGHT JOIN demand a condition.
            JoinConstraint::None => return Err(self.end()),
        };
        let right = self.factor(join.relation)?;
        if kind == JoinKind::Inner && condition == JoinCondition::None {
            return Ok(flatten(left, right));
        }
        Ok(TableExpr::Join { left: Box::new(left), right: Box::new(right), kind, condition })
    }

    fn factor(&self, factor: TableFactor) -> crate::Result<TableExpr> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let stray = args.is_some()
                    || !with_hints.is_empty()
                    || version.is_some()
                    || with_ordinality
                    || json_path.is_some()
                    || sample.is_some();
                if stray {
                    return Err(self.source.syntax_span(name.span()));
                }
                let name = self.table_name(name)?;
                let alias = self.table_alias(alias)?;
                let mut hints = Vec::with_capacity(index_hints.len());
                for hint in index_hints {
                    if hint.for_clause.is_some() {
                        return Err(Error::not_supported(
                            "index hints FOR JOIN, FOR ORDER BY and FOR GROUP BY",
                        ));
                    }
                    hints.push(IndexHint {
                        kind: match hint.hint_type {
                            TableIndexHintType::Use => IndexHintKind::Use,
                            TableIndexHintType::Force => IndexHintKind::Force,
                            TableIndexHintType::Ignore => IndexHintKind::Ignore,
                        },
                        indexes: hint
                            .index_names
                            .into_iter()
                            .map(|name| self.index_name(name))
                            .collect::<crate::Result<_>>()?,
                    });
                }
                let partitions = partitions.into_iter().map(|name| self.name(name));
                let partitions = partitions.collect::<crate::Result<_>>()?;
                Ok(TableExpr::Table { database: name.database, table: name.table, alias, hints, partitions })
            }
            TableFactor::Derived { lateral, subquery, alias, sample } => {
                if sample.is_some() {
                    return Err(self.end());
                }
                let query = Box::new(self.query(*subquery)?);
                let (alias, columns) = match alias {
                    Some(mut alias) => {
                        let columns = self.column_names(std::mem::take(&mut alias.columns))?;
                        (self.table_alias(Some(alias))?, columns)
                    }
                    None => (None, Vec::new()),
                };
                Ok(TableExpr::Derived { query, alias, columns, lateral, json_table: None })
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.joins(*table_with_joins),
            TableFactor::JsonTable { json_expr, json_path, columns, alias } => {
                self.json_table(json_expr, &json_path, columns, alias)
            }
            _ => Err(self.end()),
        }
    }

    /// An index's name; PRIMARY, though reserved, is one.
    fn index_name(&self, ident: sqlparser::ast::Ident) -> crate::Result<String> {
        if ident.value.eq_ignore_ascii_case("primary") { Ok("PRIMARY".to_owned()) } else { self.name(ident) }
    }

    /// `(a, b)` after the alias of a derived table or the name of a common table expression.
    fn column_names(&self, columns: Vec<TableAliasColumnDef>) -> crate::Result<Vec<String>> {
        let name = |column: TableAliasColumnDef| match column.data_type {
            None => self.name(column.name),
            Some(_) => Err(self.source.syntax_span(column.name.span)),
        };
        columns.into_iter().map(name).collect()
    }

    pub(super) fn table_alias(&self, alias: Option<TableAlias>) -> crate::Result<Option<String>> {
        let Some(alias) = alias else { return Ok(None) };
        if !alias.columns.is_empty() || alias.at.is_some() {
            return Err(self
                .source
                .syntax_span(alias.columns.first().map_or(alias.name.span, |column| column.name.span)));
        }
        self.name(alias.name).map(Some)
    }
}

/// The name that NAME_CONST gives.
fn constant_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function { name, arguments } if name == "NAME_CONST" => match arguments.as_slice() {
            [Expr::Literal(name), _] => Some(crate::types::convert::message_text(name)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a call is GROUP BY's `ROLLUP (…)`.
fn is_rollup(call: &sqlparser::ast::Function) -> bool {
    let is_name = |ident: &sqlparser::ast::Ident| {
        ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("rollup")
    };
    call.over.is_none() && matches!(call.name.0.as_slice(), [part] if part.as_ident().is_some_and(is_name))
}

/// A query body on its way up: as it is, or in parentheses with clauses of its own.
enum Body {
    Plain(QueryBody),
    Query(Box<Query>),
}

impl Body {
    fn into_query(self) -> Query {
        match self {
            Body::Query(query) => *query,
            Body::Plain(body) => Query::of(body),
        }
    }
}

/// Whether the first SELECT of a query says SQL_CALC_FOUND_ROWS.
fn has_found_rows(query: &Query) -> bool {
    match &query.body {
        QueryBody::Select(select) => select.calc_found_rows,
        QueryBody::SetOperation { left, .. } => has_found_rows(left),
        QueryBody::Values(_) | QueryBody::Nested(_) => false,
    }
}

fn misplaced_found_rows() -> Error {
    let message = "Incorrect usage/placement of 'SQL_CALC_FOUND_ROWS'".to_owned();
    Error { code: 1234, state: *b"42000", message }
}

fn inner(left: TableExpr, right: TableExpr, condition: JoinCondition) -> TableExpr {
    TableExpr::Join { left: Box::new(left), right: Box::new(right), kind: JoinKind::Inner, condition }
}

/// `a JOIN b JOIN c ON x`, which sqlparser reads as `a JOIN (b JOIN c ON x)`: inner joins lean left, so that `x` sees `a`.
fn flatten(left: TableExpr, right: TableExpr) -> TableExpr {
    match right {
        TableExpr::Join { left: first, right: second, kind: JoinKind::Inner, condition }
            if matches!(condition, JoinCondition::On(_) | JoinCondition::None) =>
        {
            inner(flatten(left, *first), *second, condition)
        }
        right => inner(left, right, JoinCondition::None),
    }
}
