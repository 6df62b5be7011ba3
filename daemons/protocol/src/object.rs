//! One JSON object in, one typed struct out, or an error that names the field.
//!
//! Two traps are closed here for everybody: a derived struct also accepts a JSON array, and
//! serde's messages are not for the person who typed the date.

use crate::error::{Code, WireError};
use serde::Deserialize;

/// Reads one JSON object into `T`.
///
/// # Errors
/// [`Code::InvalidJson`] when the body is not one JSON object in UTF-8, nested at most 128 deep;
/// [`Code::InvalidField`] naming the field when a value is missing, repeated or of the wrong kind.
pub fn parse_object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, WireError> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(WireError::new(Code::InvalidJson, "o corpo deve ser um objeto JSON"));
    }
    // All of it, because the strings of keys that are ignored are not looked at below.
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(WireError::new(Code::InvalidJson, "o corpo não é JSON válido em UTF-8"));
    };
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) if error.is_data() => Err(field_error::<T>(body)),
        Err(error) => Err(WireError::new(
            Code::InvalidJson,
            format!(
                "o corpo não é JSON válido em UTF-8 (linha {}, coluna {})",
                error.line(),
                error.column()
            ),
        )),
    }
}

/// Reads the body again, this time keeping track of where it is: only a wrong request pays.
fn field_error<'a, T: Deserialize<'a>>(body: &'a [u8]) -> WireError {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return WireError::new(Code::InvalidJson, "o corpo não é um objeto JSON");
    };
    let path = error.path().to_string();
    let text = error.inner().to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let named = text.split('`').nth(1);
    match (text.split('`').next(), named) {
        (Some("missing field "), Some(name)) => {
            WireError::field(join(&path, name), format!("falta o campo {name}"))
        }
        (Some("duplicate field "), Some(name)) => {
            WireError::field(join(&path, name), format!("o campo {name} aparece duas vezes"))
        }
        (Some("unknown field "), Some(name)) => {
            // serde's own check knows the whole path.
            let field = if path == "." { name.to_owned() } else { path.clone() };
            WireError::field(field, format!("o campo {name} não existe aqui"))
        }
        _ if text.starts_with("invalid ") => {
            let expected = text.rsplit_once("expected ").map_or("outro valor", |(_, what)| what);
            WireError::field(path, format!("valor inválido: esperava {expected}"))
        }
        _ => WireError::field(path, text),
    }
}

/// The path of a field inside what `path` names; serde writes the outermost object as `.`.
fn join(path: &str, name: &str) -> String {
    match path {
        "." => name.to_owned(),
        _ if path.ends_with(name) => path.to_owned(),
        _ => format!("{path}.{name}"),
    }
}
