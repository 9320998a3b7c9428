//! Documents there and back.

use proptest::prelude::*;

use super::encode::{VERSION, encode};
use super::tree::Members;
use super::view::check;
use super::*;
use crate::types::{Date, DateTime, Decimal, Time};

fn any_tree() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(Tree::Int),
        any::<u64>().prop_map(Tree::UInt),
        (-1e300..1e300_f64).prop_map(Tree::Double),
        any::<i64>().prop_map(|number| Tree::Decimal(Decimal::new(number, 3))),
        "[a-c\u{0}\"\\\\é😀]{0,6}".prop_map(Tree::Text),
        (0..3_000_u32).prop_map(|day| Tree::Date(Date::from_day_number(700_000 + i64::from(day)).unwrap())),
        any::<i32>().prop_map(|time| Tree::Time(Time::from_microseconds(i64::from(time)).unwrap())),
        (0..1_i64 << 50).prop_map(|us| Tree::DateTime(DateTime::from_epoch(us, 0).unwrap())),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| Tree::Opaque(252, bytes.into())),
    ];
    scalar.prop_recursive(4, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            proptest::collection::vec(("[a-e]{0,3}", inner), 0..6)
                .prop_map(|members| Tree::Object(Members::from_pairs(members))),
        ]
    })
}

proptest! {
    #[test]
    fn a_document_is_read_back_equal(tree in any_tree()) {
        let stored = encode(&tree).unwrap();
        check(&stored).unwrap();
        let root = View::of_document(&stored);
        prop_assert_eq!(root.to_tree(), tree.clone());
        prop_assert_eq!(root.to_document(), stored.clone());
        prop_assert!(compare(root, root).is_eq());
        if let Tree::Object(members) = &tree {
            for (name, value) in members.as_slice() {
                let found = root.as_object().unwrap().get(name).unwrap();
                prop_assert_eq!(found.to_tree(), value.clone());
                prop_assert_eq!(View::of_document(&found.to_document()).to_tree(), value.clone());
            }
        }
    }

    #[test]
    fn bytes_that_are_no_document_are_refused_or_read(
        tree in any_tree(),
        at in any::<prop::sample::Index>(),
        byte: u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut stored = encode(&tree).unwrap().to_vec();
        let end = cut.index(stored.len());
        prop_assert!(check(&stored[..end]).is_err());
        let at = at.index(stored.len());
        stored[at] = byte;
        // Whether refused or not, reading ends without a panic.
        let whole = check(&stored).is_ok();
        let tree = View::of_document(&stored).to_tree();
        if whole {
            prop_assert!(tree.check().is_ok());
        }
        let mut out = Vec::new();
        print(View::of_document(&stored), &mut out);
    }

    #[test]
    fn equal_documents_have_equal_keys(left in any_tree(), right in any_tree()) {
        let (left, right) = (encode(&left).unwrap(), encode(&right).unwrap());
        let (left, right) = (View::of_document(&left), View::of_document(&right));
        let key = |view| {
            let mut key = Vec::new();
            super::compare::write_group_key(view, &mut key);
            key
        };
        prop_assert_eq!(compare(left, right).is_eq(), key(left) == key(right));
        prop_assert_eq!(compare(left, right), compare(right, left).reverse());
    }

    #[test]
    fn text_is_parsed_or_refused(text in "[\\[\\]{}\",:0-9truefalsn. \\\\eu+-]{0,24}") {
        if let Ok(tree) = parse(text.as_bytes()) {
            let stored = encode(&tree).unwrap();
            let mut printed = Vec::new();
            print(View::of_document(&stored), &mut printed);
            prop_assert_eq!(parse(&printed).unwrap(), tree);
        }
    }

    #[test]
    fn paths_are_parsed_or_refused(text in "[$.\\[\\]*a-c\"0-9 lastto-]{0,16}") {
        if let Ok(path) = Path::parse(&text) {
            prop_assert_eq!(Path::parse(&path.to_string()).unwrap(), path);
        }
    }
}

#[test]
fn the_stored_form_stays() {
    let tree = parse(br#"{"bb": [1, "x"], "a": {"c": null, "d": true}}"#).unwrap();
    let golden: &[u8] = &[
        VERSION, // 14: an object with 2-byte numbers, 2 members, 54 bytes
        14, 2, 0, 54, 0, 13, 0, 15, 0, 18, 0, 39, 0, 1, b'a', 2, b'b',
        b'b', // at 18: {"c": null, "d": true}
        14, 2, 0, 19, 0, 13, 0, 15, 0, 17, 0, 18, 0, 1, b'c', 1, b'd', 0, 2, // at 37
        12, 2, 0, 14, 0, 9, 0, 11, 0, 3, 2, 7, 1, b'x',
    ];
    let mut golden = golden.to_vec();
    // The outer object: 18 bytes of head and names, 19 of the first value, 14 of the second.
    (golden[4], golden[12]) = (51, 37);
    let stored = encode(&tree).unwrap();
    assert_eq!(stored, golden);
    check(&stored).unwrap();
}

#[test]
fn a_document_that_is_larger_than_64_kib_is_read_back() {
    let elements: Vec<Tree> = (0..40_000).map(Tree::Int).collect();
    let tree = Tree::Object(Members::from_pairs(vec![
        ("small".to_owned(), Tree::Array(vec![Tree::Int(1)])),
        ("large".to_owned(), Tree::Array(elements)),
    ]));
    let stored = encode(&tree).unwrap();
    check(&stored).unwrap();
    let root = View::of_document(&stored);
    assert_eq!(root.to_tree(), tree);
    let path = Path::parse("$.large[last]").unwrap();
    assert_eq!(seek::seek_one(root, &path).unwrap().to_tree(), Tree::Int(39_999));
}
