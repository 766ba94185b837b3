//! Values out of whatever serde can write.

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::map::Unsorted;
use super::{Error, Text, Value, passing};

/// The value that `content` is as JSON; what it holds of values is shared with it.
///
/// # Errors
/// A map has keys that are no text, or a part refuses to be written.
pub fn to_value<T: Serialize + ?Sized>(content: &T) -> Result<Value, Error> {
    content.serialize(Writer)
}

struct Writer;

/// The items of a sequence so far.
struct Items {
    items: Vec<Value>,
    /// The name of the variant that they belong to.
    variant: Option<&'static str>,
}

/// The fields of a map or a struct so far.
struct Fields {
    fields: Unsorted,
    key: Option<Text>,
    /// The name of the variant that they belong to.
    variant: Option<&'static str>,
}

impl Items {
    fn new(n_items: usize, variant: Option<&'static str>) -> Self {
        Self {
            items: Vec::with_capacity(n_items),
            variant,
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
        self.items.push(to_value(item)?);
        Ok(())
    }

    fn into_value(self) -> Value {
        of_variant(self.variant, Value::Array(self.items.into()))
    }
}

impl Fields {
    fn new(n_fields: usize, variant: Option<&'static str>) -> Self {
        Self {
            fields: Unsorted::with_capacity(n_fields),
            key: None,
            variant,
        }
    }

    fn push<T: Serialize + ?Sized>(
        &mut self,
        name: impl Into<Text>,
        content: &T,
    ) -> Result<(), Error> {
        self.fields.push(name.into(), to_value(content)?);
        Ok(())
    }

    fn into_value(self) -> Value {
        of_variant(self.variant, Value::Object(self.fields.into()))
    }
}

/// A variant with content is an object with its name.
fn of_variant(variant: Option<&'static str>, content: Value) -> Value {
    match variant {
        Some(name) => [(name, content)].into_iter().collect(),
        None => content,
    }
}

impl Serializer for Writer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, value: bool) -> Result<Value, Error> {
        Ok(value.into())
    }

    fn serialize_i8(self, number: i8) -> Result<Value, Error> {
        Ok(i64::from(number).into())
    }

    fn serialize_i16(self, number: i16) -> Result<Value, Error> {
        Ok(i64::from(number).into())
    }

    fn serialize_i32(self, number: i32) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_u8(self, number: u8) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_f32(self, number: f32) -> Result<Value, Error> {
        Ok(f64::from(number).into())
    }

    fn serialize_f64(self, number: f64) -> Result<Value, Error> {
        Ok(number.into())
    }

    fn serialize_char(self, letter: char) -> Result<Value, Error> {
        let mut text = Text::default();
        text.push(letter);
        Ok(Value::String(text))
    }

    fn serialize_str(self, text: &str) -> Result<Value, Error> {
        Ok(text.into())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Error> {
        Ok(bytes.iter().map(|byte| Value::from(*byte)).collect())
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, content: &T) -> Result<Value, Error> {
        content.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Error> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<Value, Error> {
        if name != passing::NAME {
            return content.serialize(self);
        }
        let (written, given) = passing::ask(|| content.serialize(self));
        Ok(given.unwrap_or(written?))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<Value, Error> {
        Ok(of_variant(Some(variant), to_value(content)?))
    }

    fn serialize_seq(self, n_items: Option<usize>) -> Result<Items, Error> {
        Ok(Items::new(n_items.unwrap_or_default(), None))
    }

    fn serialize_tuple(self, n_items: usize) -> Result<Items, Error> {
        Ok(Items::new(n_items, None))
    }

    fn serialize_tuple_struct(self, _: &'static str, n_items: usize) -> Result<Items, Error> {
        Ok(Items::new(n_items, None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        n_items: usize,
    ) -> Result<Items, Error> {
        Ok(Items::new(n_items, Some(variant)))
    }

    fn serialize_map(self, n_fields: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields::new(n_fields.unwrap_or_default(), None))
    }

    fn serialize_struct(self, _: &'static str, n_fields: usize) -> Result<Fields, Error> {
        Ok(Fields::new(n_fields, None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        n_fields: usize,
    ) -> Result<Fields, Error> {
        Ok(Fields::new(n_fields, Some(variant)))
    }
}

macro_rules! items {
    ($($trait:ident::$method:ident),*) => {$(
        impl $trait for Items {
            type Ok = Value;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Error> {
                self.push(item)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.into_value())
            }
        }
    )*};
}

items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl $trait for Fields {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                content: &T,
            ) -> Result<(), Error> {
                self.push(name, content)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.into_value())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Fields {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(name(to_value(key)?)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, content: &T) -> Result<(), Error> {
        let key = self.key.take();
        self.push(
            key.ok_or_else(|| Error::custom("a value without a key"))?,
            content,
        )
    }

    fn end(self) -> Result<Value, Error> {
        Ok(self.into_value())
    }
}

/// The name of a field, which may have been written as a number.
fn name(key: Value) -> Result<Text, Error> {
    match key {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string().into()),
        Value::Bool(value) => Ok(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(Error::custom("key must be a string"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::json::{Map, from_value, json};

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        some_text: String,
        letter: char,
        numbers: (i8, u64, f64),
        nothing: Option<bool>,
        something: Option<bool>,
        variants: Vec<Variant>,
        value: Value,
        map: Map,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Variant {
        Unit,
        New(i32),
        Tuple(i32, String),
        Struct { field: bool },
    }

    fn sample() -> Sample {
        Sample {
            some_text: "ä".to_owned(),
            letter: 'l',
            numbers: (-1, u64::MAX, 0.5),
            nothing: None,
            something: Some(true),
            variants: vec![
                Variant::Unit,
                Variant::New(1),
                Variant::Tuple(2, "t".to_owned()),
                Variant::Struct { field: true },
            ],
            value: json!({"a": [1, {"b": null}]}),
            map: json!({"c": {}}).as_object().cloned().unwrap(),
        }
    }

    #[test]
    fn a_value_is_what_serde_json_makes_of_it_and_reads_back() {
        let value = to_value(&sample()).unwrap();
        assert_eq!(value, serde_json::to_value(sample()).unwrap());
        assert_eq!(from_value::<Sample>(&value).unwrap(), sample());
    }

    #[test]
    fn what_holds_values_shares_them_both_ways() {
        let sample = sample();
        let value = to_value(&sample).unwrap();
        let read: Sample = from_value(&value).unwrap();
        let is_shared = |a: &Value, b: &Value| {
            let (a, b) = (a.as_object().unwrap(), b.as_object().unwrap());
            a.is_shared_with(b)
        };
        assert!(is_shared(&value["value"], &sample.value));
        assert!(is_shared(&value["value"], &read.value));
    }

    #[test]
    fn a_key_may_be_a_number() {
        let value = to_value(&BTreeMap::from([(7_u16, "x")])).unwrap();
        assert_eq!(value, json!({"7": "x"}));
    }

    #[test]
    fn a_key_that_is_a_list_is_refused() {
        let map: BTreeMap<Vec<i32>, ()> = [(vec![1], ())].into();
        assert_eq!(
            to_value(&map).unwrap_err().to_string(),
            "key must be a string"
        );
    }
}
