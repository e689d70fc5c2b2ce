//! A serializer for documents of mappings, lists, texts, whole numbers and booleans.

use std::fmt;

use serde::ser::{self, Impossible};
use serde::{Serialize, Serializer};

use super::options;
use super::scalar::{Style, is_plain_key, style};

/// Appends a document. If it has something that only the library writes, returns false and appends nothing.
pub fn append(out: &mut String, document: &impl Serialize, width: usize) -> bool {
    let before = out.len();
    let mut writer = Writer {
        out,
        place: Place::Top,
        width,
    };
    let is_written = document.serialize(&mut writer).is_ok();
    if !is_written {
        out.truncate(before);
    }
    is_written
}

/// The error of what only the library writes.
#[derive(Debug)]
struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("left to the library")
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

type Result<T = ()> = std::result::Result<T, Unsupported>;

/// Where the next value is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// It is the document.
    Top,
    /// It is a key.
    Key,
    /// It follows a key that begins at this column, and its colon.
    Value(usize),
    /// It follows a dash at this column, and a space.
    Item(usize),
}

/// The text so far.
struct Writer<'o> {
    out: &'o mut String,
    place: Place,
    width: usize,
}

impl Writer<'_> {
    fn indent(&mut self, column: usize) {
        const SPACES: &str = "                                ";
        let mut left = column;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.out.push_str(&SPACES[..some]);
            left -= some;
        }
    }

    /// Writes a value that is neither quoted nor broken.
    fn plain(&mut self, text: &str) -> Result {
        match self.place {
            Place::Value(_) => self.out.push(' '),
            Place::Item(_) => {}
            Place::Top | Place::Key => return Err(Unsupported),
        }
        self.out.push_str(text);
        self.out.push('\n');
        Ok(())
    }

    fn quoted(&mut self, text: &str) {
        if let Place::Value(_) = self.place {
            self.out.push(' ');
        }
        self.out.push('"');
        let mut rest = text;
        while let Some(at) = rest.find(['"', '\\']) {
            let (before, special) = rest.split_at(at);
            self.out.push_str(before);
            self.out.push('\\');
            self.out.push_str(&special[..1]);
            rest = &special[1..];
        }
        self.out.push_str(rest);
        self.out.push_str("\"\n");
    }

    fn literal(&mut self, text: &str, column: usize) {
        self.out.push_str(" |-\n");
        for line in text.split('\n') {
            if !line.is_empty() {
                self.indent(column);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    /// Writes a text as the library writes it at the top level, indented.
    fn by_library(&mut self, text: &str, column: usize) -> Result {
        #[derive(Serialize)]
        struct Alone<'t> {
            k: &'t str,
        }
        let alone = Alone { k: text };
        let options = options(self.width);
        let written = serde_saphyr::to_string_with_options(&alone, options);
        let written = written.map_err(|_| Unsupported)?;
        let written = written.strip_prefix("k:").ok_or(Unsupported)?;
        for (number, line) in written.split_inclusive('\n').enumerate() {
            if number > 0 && line != "\n" {
                self.indent(column);
            }
            self.out.push_str(line);
        }
        Ok(())
    }
}

/// Types whose names begin with this have a meaning of their own for the library.
const SPECIAL: &str = "__yaml";

macro_rules! unsupported {
    ($($name:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $name(self, $(_: $argument),*) -> Result<$result> {
            Err(Unsupported)
        }
    )*};
}

macro_rules! displayed {
    ($($name:ident($argument:ty);)*) => {$(
        fn $name(self, value: $argument) -> Result {
            self.plain(&value.to_string())
        }
    )*};
}

impl<'w, 'o> Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = List<'w, 'o>;
    type SerializeTuple = List<'w, 'o>;
    type SerializeTupleStruct = Impossible<(), Unsupported>;
    type SerializeTupleVariant = Impossible<(), Unsupported>;
    type SerializeMap = Mapping<'w, 'o>;
    type SerializeStruct = Mapping<'w, 'o>;
    type SerializeStructVariant = Impossible<(), Unsupported>;

    displayed! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
    }

    unsupported! {
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_str(self, text: &str) -> Result {
        if let Place::Key = self.place {
            if !is_plain_key(text) {
                return Err(Unsupported);
            }
            self.out.push_str(text);
            self.out.push(':');
            return Ok(());
        }
        match (style(text, self.width), self.place) {
            (Style::Plain, _) => self.plain(text),
            (_, Place::Top | Place::Key) => Err(Unsupported),
            (Style::Quoted, _) => {
                self.quoted(text);
                Ok(())
            }
            // Where lines in a list begin depends on what is around it.
            (_, Place::Item(_)) => Err(Unsupported),
            (Style::Literal, Place::Value(column)) => {
                self.literal(text, column + 2);
                Ok(())
            }
            (Style::Unknown, Place::Value(column)) => self.by_library(text, column),
        }
    }

    fn serialize_none(self) -> Result {
        self.plain("null")
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        self.plain("null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        match style(variant, self.width) {
            Style::Plain => self.plain(variant),
            _ => Err(Unsupported),
        }
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result {
        if name.starts_with(SPECIAL) {
            return Err(Unsupported);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result {
        Err(Unsupported)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w, 'o>> {
        match self.place {
            Place::Value(column) => Ok(List {
                writer: self,
                column,
                is_empty: true,
            }),
            Place::Top | Place::Key | Place::Item(_) => Err(Unsupported),
        }
    }

    fn serialize_tuple(self, len: usize) -> Result<List<'w, 'o>> {
        self.serialize_seq(Some(len))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Mapping<'w, 'o>> {
        let column = match self.place {
            Place::Top => 0,
            Place::Value(column) | Place::Item(column) => column + 2,
            Place::Key => return Err(Unsupported),
        };
        Ok(Mapping {
            around: self.place,
            writer: self,
            column,
            is_empty: true,
        })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Mapping<'w, 'o>> {
        if name.starts_with(SPECIAL) {
            return Err(Unsupported);
        }
        self.serialize_map(Some(len))
    }
}

/// A list that is the value of a key: its dashes are below the key.
struct List<'w, 'o> {
    writer: &'w mut Writer<'o>,
    column: usize,
    is_empty: bool,
}

impl ser::SerializeSeq for List<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, item: &T) -> Result {
        if self.is_empty {
            self.writer.out.push('\n');
            self.is_empty = false;
        }
        self.writer.indent(self.column);
        self.writer.out.push_str("- ");
        self.writer.place = Place::Item(self.column);
        item.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        if self.is_empty {
            self.writer.out.push_str(" []\n");
        }
        Ok(())
    }
}

impl ser::SerializeTuple for List<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, item: &T) -> Result {
        ser::SerializeSeq::serialize_element(self, item)
    }

    fn end(self) -> Result {
        ser::SerializeSeq::end(self)
    }
}

/// A mapping.
struct Mapping<'w, 'o> {
    writer: &'w mut Writer<'o>,
    around: Place,
    column: usize,
    is_empty: bool,
}

impl ser::SerializeMap for Mapping<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result {
        match (self.is_empty, self.around) {
            // It follows the dash.
            (true, Place::Item(_)) => {}
            (true, Place::Value(_)) => {
                self.writer.out.push('\n');
                self.writer.indent(self.column);
            }
            _ => self.writer.indent(self.column),
        }
        self.is_empty = false;
        self.writer.place = Place::Key;
        key.serialize(&mut *self.writer)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result {
        self.writer.place = Place::Value(self.column);
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        match (self.is_empty, self.around) {
            (false, _) => Ok(()),
            (true, Place::Value(_)) => {
                self.writer.out.push_str(" {}\n");
                Ok(())
            }
            (true, _) => Err(Unsupported),
        }
    }
}

impl ser::SerializeStruct for Mapping<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result {
        ser::SerializeMap::serialize_key(self, key)?;
        ser::SerializeMap::serialize_value(self, value)
    }

    fn end(self) -> Result {
        ser::SerializeMap::end(self)
    }
}
