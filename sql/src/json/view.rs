//! Reading stored documents in place.
//!
//! Bytes from the store go through [`check`] once, when their row is read; after that a [`View`] takes them for what
//! [`encode`](super::encode) wrote. Should they nevertheless not be that, a node is taken for `null`: never a panic.

use bytes::Bytes;

use crate::Result;
use crate::codec::{Input, damaged};
use crate::json::encode::{VERSION, tag};
use crate::json::tree::{Members, Tree, compare_names};
use crate::limits::JSON_DEPTH_MAX;
use crate::types::text::as_str;
use crate::types::{Date, DateTime, Decimal, Time};

/// A node of a stored document.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// From the tag on, maybe longer than the node.
    bytes: &'a [u8],
}

/// What a node is.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant is that of `Tree`")]
pub enum Node<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    Decimal(Decimal),
    Text(&'a str),
    Array(Array<'a>),
    Object(Object<'a>),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    Opaque(u8, &'a [u8]),
}

/// The elements of an array.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    table: Table<'a>,
}

/// The members of an object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    table: Table<'a>,
}

/// A container: its bytes, how many elements it has, and how wide its numbers are.
#[derive(Clone, Copy, Debug)]
struct Table<'a> {
    bytes: &'a [u8],
    count: usize,
    width: usize,
}

fn little_endian(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + width)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

impl<'a> Table<'a> {
    fn read(bytes: &'a [u8]) -> Option<Table<'a>> {
        let width = if bytes.first()? & 1 == 0 { 2 } else { 4 };
        let count = little_endian(bytes, 1, width)?;
        let size = little_endian(bytes, 1 + width, width)?;
        Some(Table { bytes: bytes.get(..size)?, count, width })
    }

    /// Where the table of places ends.
    fn header(&self, places: usize) -> usize {
        1 + self.width * (2 + places)
    }

    fn place(&self, number: usize) -> Option<&'a [u8]> {
        let place = little_endian(self.bytes, self.header(number), self.width)?;
        // Parts stand behind the table, so that what is inside is always shorter than what is outside.
        if place < self.header(0) { None } else { self.bytes.get(place..) }
    }

    fn view(&self, number: usize) -> View<'a> {
        View { bytes: self.place(number).unwrap_or(&[]) }
    }

    fn name(&self, number: usize) -> &'a str {
        let read = |bytes| {
            let mut input = Input::new(bytes);
            let length = usize::try_from(input.varint().ok()?).ok()?;
            input.take(length).ok()
        };
        self.place(number).and_then(read).map_or("", as_str)
    }
}

impl<'a> Array<'a> {
    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.count == 0
    }

    /// An element; none past the end.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<View<'a>> {
        (position < self.table.count).then(|| self.table.view(position))
    }

    /// All elements.
    pub fn iter(&self) -> impl Iterator<Item = View<'a>> + use<'a> {
        let table = self.table;
        (0..table.count).map(move |position| table.view(position))
    }
}

impl<'a> Object<'a> {
    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.count == 0
    }

    /// The member of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<View<'a>> {
        let (mut low, mut high) = (0, self.table.count);
        while low < high {
            let middle = low.midpoint(high);
            match compare_names(self.table.name(middle), name) {
                std::cmp::Ordering::Equal => return Some(self.table.view(self.table.count + middle)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// All members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, View<'a>)> + use<'a> {
        let table = self.table;
        (0..table.count).map(move |position| (table.name(position), table.view(table.count + position)))
    }
}

impl<'a> View<'a> {
    /// The root of a stored document.
    #[must_use]
    pub fn of_document(document: &'a [u8]) -> View<'a> {
        View { bytes: document.get(1..).unwrap_or(&[]) }
    }

    /// What it is.
    #[must_use]
    pub fn node(&self) -> Node<'a> {
        read(self.bytes).unwrap_or(Node::Null)
    }

    /// As an array.
    #[must_use]
    pub fn as_array(&self) -> Option<Array<'a>> {
        match self.node() {
            Node::Array(array) => Some(array),
            _ => None,
        }
    }

    /// As an object.
    #[must_use]
    pub fn as_object(&self) -> Option<Object<'a>> {
        match self.node() {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Levels of nesting: 1 for scalars and for empty arrays and objects.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self.node() {
            Node::Array(array) => 1 + array.iter().map(|element| element.depth()).max().unwrap_or(0),
            Node::Object(object) => 1 + object.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 1,
        }
    }

    /// A copy to work on.
    #[must_use]
    pub fn to_tree(&self) -> Tree {
        match self.node() {
            Node::Null => Tree::Null,
            Node::Bool(value) => Tree::Bool(value),
            Node::Int(number) => Tree::Int(number),
            Node::UInt(number) => Tree::UInt(number),
            Node::Double(number) => Tree::Double(number),
            Node::Decimal(number) => Tree::Decimal(number),
            Node::Text(text) => Tree::Text(text.to_owned()),
            Node::Date(date) => Tree::Date(date),
            Node::Time(time) => Tree::Time(time),
            Node::DateTime(datetime) => Tree::DateTime(datetime),
            Node::Opaque(field_type, bytes) => Tree::Opaque(field_type, Bytes::copy_from_slice(bytes)),
            Node::Array(array) => Tree::Array(array.iter().map(|element| element.to_tree()).collect()),
            Node::Object(object) => Tree::Object(Members::from_pairs(
                object.iter().map(|(name, value)| (name.to_owned(), value.to_tree())).collect(),
            )),
        }
    }

    /// A document of this node alone.
    #[must_use]
    pub fn to_document(&self) -> Bytes {
        let size = node_bytes(self.bytes).unwrap_or(0);
        let mut document = Vec::with_capacity(1 + size);
        document.push(VERSION);
        document.extend_from_slice(
            self.bytes.get(..size).filter(|node| !node.is_empty()).unwrap_or(&[tag::NULL]),
        );
        Bytes::from(document)
    }
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn read_bytes<'a>(input: &mut Input<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(input.varint().ok()?).ok()?;
    input.take(length).ok()
}

fn read(bytes: &[u8]) -> Option<Node<'_>> {
    let (tag, rest) = bytes.split_first()?;
    let mut input = Input::new(rest);
    Some(match *tag {
        tag::NULL => Node::Null,
        tag::FALSE => Node::Bool(false),
        tag::TRUE => Node::Bool(true),
        tag::INT => Node::Int(unzigzag(input.varint().ok()?)),
        tag::UINT => Node::UInt(input.varint().ok()?),
        tag::DOUBLE => Node::Double(f64::from_bits(input.big_endian(8).ok()?)),
        tag::DECIMAL => {
            let scale = input.byte().ok()?;
            Node::Decimal(Decimal::from_unscaled_bytes(read_bytes(&mut input)?, scale)?)
        }
        tag::TEXT => Node::Text(as_str(read_bytes(&mut input)?)),
        tag::OPAQUE => {
            let field_type = input.byte().ok()?;
            Node::Opaque(field_type, read_bytes(&mut input)?)
        }
        tag::DATE => Node::Date(Date::from_packed(u32::try_from(input.big_endian(4).ok()?).ok()?)?),
        tag::TIME => Node::Time(Time::from_microseconds(input.big_endian(8).ok()?.cast_signed())?),
        tag::DATETIME => Node::DateTime(DateTime::from_packed(input.big_endian(8).ok()?)?),
        12 | 13 => Node::Array(Array { table: Table::read(bytes)? }),
        14 | 15 => Node::Object(Object { table: Table::read(bytes)? }),
        _ => return None,
    })
}

/// How long a node is.
fn node_bytes(bytes: &[u8]) -> Option<usize> {
    let (tag, rest) = bytes.split_first()?;
    let mut input = Input::new(rest);
    match *tag {
        tag::NULL | tag::FALSE | tag::TRUE => {}
        tag::INT | tag::UINT => {
            input.varint().ok()?;
        }
        tag::DOUBLE | tag::TIME | tag::DATETIME => {
            input.take(8).ok()?;
        }
        tag::DATE => {
            input.take(4).ok()?;
        }
        tag::TEXT => {
            read_bytes(&mut input)?;
        }
        tag::DECIMAL | tag::OPAQUE => {
            input.byte().ok()?;
            read_bytes(&mut input)?;
        }
        12..=15 => return Some(Table::read(bytes)?.bytes.len()),
        _ => return None,
    }
    Some(bytes.len() - input.bytes.len())
}

/// Checks bytes from the store: that they are one whole document in the form of [`encode`](super::encode).
///
/// # Errors
/// 1105 when they are not.
pub fn check(document: &[u8]) -> Result<()> {
    match document.split_first() {
        Some((&VERSION, root)) => match check_node(root, 0) {
            Some(length) if length == root.len() => Ok(()),
            _ => Err(damaged("a JSON document is not whole")),
        },
        Some((version, _)) => {
            Err(damaged(&format!("a JSON document has version {version}, this program reads {VERSION}")))
        }
        None => Err(damaged("a JSON document is empty")),
    }
}

fn check_node(bytes: &[u8], depth: usize) -> Option<usize> {
    if depth > JSON_DEPTH_MAX {
        return None;
    }
    let node = read(bytes)?;
    let length = node_bytes(bytes)?;
    let (table, names) = match node {
        Node::Array(array) => (array.table, 0),
        Node::Object(object) => (object.table, object.table.count),
        Node::Text(text) => {
            // `as_str` has cut what is no UTF-8.
            let mut input = Input::new(&bytes[1..]);
            return (read_bytes(&mut input)?.len() == text.len()).then_some(length);
        }
        _ => return Some(length),
    };
    let mut at = table.header(names.checked_add(table.count)?);
    let mut last: Option<&str> = None;
    for number in 0..names + table.count {
        if little_endian(table.bytes, table.header(number), table.width)? != at {
            return None;
        }
        let part = table.bytes.get(at..)?;
        if number >= names {
            at += check_node(part, depth + 1)?;
            continue;
        }
        let mut input = Input::new(part);
        let name = std::str::from_utf8(read_bytes(&mut input)?).ok()?;
        if last.is_some_and(|last| compare_names(last, name).is_ge()) {
            return None;
        }
        last = Some(name);
        at += part.len() - input.bytes.len();
    }
    (at == length).then_some(length)
}

impl View<'_> {
    /// Where the node is in memory: tells nodes of one document apart.
    pub(super) fn place(&self) -> usize {
        self.bytes.as_ptr() as usize
    }
}
