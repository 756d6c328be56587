//! What a Secret may hold, and how it is read.

use serde_json::{Value, json};

use super::super::authorities::{Authorities, Data, Fault, Previous};
use super::super::secret::{self, Secret};
use super::{at, authorities, authority};
use crate::certificates::AuthorityError;

fn full() -> Authorities {
    let previous = |made: i64| Previous {
        certificate: authority(made).certificate().clone(),
        until: at(made + 100),
    };
    Authorities {
        previous: vec![previous(-300), previous(-200)],
        ..authorities(0, Some(240))
    }
}

fn data(authorities: &Authorities) -> Data {
    let values = authorities.write().into_iter();
    values
        .filter_map(|(key, value)| Some((key.to_owned(), value?.into_bytes())))
        .collect()
}

#[test]
fn written_authorities_are_read_back() {
    for (written, keys) in [
        (full(), 5),
        (authorities(0, None), 2),
        (Authorities::default(), 0),
    ] {
        let data = data(&written);
        assert_eq!(data.len(), keys);
        let read = Authorities::read(&data);
        assert_eq!(read.write(), written.write());
        assert_eq!(read.previous, written.previous);
        assert_eq!(read.faults, []);
    }
}

#[test]
fn each_wrong_half_of_a_pair_is_a_fault() {
    let bad = |key, problem| Fault::Bad(key, problem);
    let whole = data(&full());
    let other = String::from_utf8(whole["next-ca.key"].clone()).unwrap();
    for (key, value, fault, keyless) in [
        ("ca.key", "", Fault::Missing("ca.key"), 1),
        ("ca.crt", "", Fault::Missing("ca.crt"), 0),
        (
            "ca.crt",
            "hello",
            bad("ca.crt", AuthorityError::Certificate),
            0,
        ),
        ("ca.key", "hello", bad("ca.key", AuthorityError::Key), 1),
        ("ca.key", &other, bad("ca.key", AuthorityError::Pair), 1),
        ("next-ca.key", "", Fault::Missing("next-ca.key"), 1),
        (
            "next-ca.crt",
            "hello",
            bad("next-ca.crt", AuthorityError::Certificate),
            0,
        ),
        (
            "previous-ca.crt",
            "hello",
            bad("previous-ca.crt", AuthorityError::Certificate),
            0,
        ),
    ] {
        let mut data = whole.clone();
        data.insert(key.to_owned(), value.into());
        let read = Authorities::read(&data);
        assert_eq!(read.faults, [fault], "{key}: {value}");
        assert_eq!(read.keyless.len(), keyless, "{key}: {value}");
        assert_eq!(read.current.is_none(), key.starts_with("ca."));
        assert_eq!(read.next.is_none(), key.starts_with("next-ca."));
    }
    let mut data = whole.clone();
    data.insert("ca.crt".to_owned(), vec![0xff]);
    assert_eq!(Authorities::read(&data).faults, [Fault::NoText("ca.crt")]);
    let mut data = whole;
    data.retain(|key, _| !key.starts_with("ca."));
    assert_eq!(Authorities::read(&data).faults, [Fault::Missing("ca.crt")]);
}

#[test]
fn a_previous_authority_that_was_added_by_hand_stays_until_it_expires() {
    let by_hand = authority(0).certificate().clone();
    let mut data = data(&full());
    let before = String::from_utf8(data["previous-ca.crt"].clone()).unwrap();
    let text = format!("a note\n{}another\n{before}", by_hand.pem());
    data.insert("previous-ca.crt".to_owned(), text.into());
    let read = Authorities::read(&data);
    assert_eq!((read.faults.len(), read.previous.len()), (0, 3));
    assert_eq!(read.previous[0].until, by_hand.not_after());
    assert_eq!(read.previous[1].until, at(-200));
}

#[test]
fn an_authority_in_both_places_is_the_current_one() {
    let mut data = data(&full());
    for (from, to) in [("ca.crt", "next-ca.crt"), ("ca.key", "next-ca.key")] {
        data.insert(to.to_owned(), data[from].clone());
    }
    let read = Authorities::read(&data);
    assert!(read.current.is_some() && read.next.is_none() && read.faults.is_empty());
}

#[test]
fn fields_of_others_in_a_secret_survive() {
    let mut object = secret::new("slicegate-system", "slicegate-tls");
    object["metadata"]["resourceVersion"] = "7".into();
    object["metadata"]["annotations"] = json!({"a": "b"});
    object["data"] = json!({"tls.crt": "QUJD", "next-ca.crt": "QUJD"});
    let read = Secret::read(&object.to_string()).unwrap();
    assert_eq!(read.authorities.faults.len(), 1);
    let written = Secret::with(read.split().0, &authorities(0, None));
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["metadata"], object["metadata"]);
    assert_eq!(written["data"]["tls.crt"], "QUJD");
    assert_eq!(written["data"]["next-ca.crt"], Value::Null);
    let again = Secret::read(&written.to_string()).unwrap();
    assert!(again.authorities.current.is_some() && again.authorities.faults.is_empty());
}

#[test]
fn no_key_shows_in_debug_output() {
    let mut object = secret::new("a", "b");
    object["metadata"]["resourceVersion"] = "7".into();
    let text = Secret::with(object, &full());
    let secret = Secret::read(&text).unwrap();
    let object: Value = serde_json::from_str(&text).unwrap();
    let shown = format!("{secret:?} {:?}", secret.authorities);
    assert!(!shown.contains("PRIVATE"), "{shown}");
    let key = object["data"]["ca.key"].as_str().unwrap();
    assert!(key.len() > 100 && !shown.contains(&key[..40]), "{shown}");
}
