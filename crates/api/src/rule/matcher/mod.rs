//! The matchers behind the built-in validators: each looks at a text once, from left to right.

mod address;
mod case;
mod color;
mod country_code;
mod email;
mod ip_address;
mod letter;
mod mime_type;
mod phone_number;
mod url;

pub(super) use case::{is_camel_case, is_words};
pub(super) use color::is_rgb_color;
pub(super) use country_code::is_country_code;
pub(super) use email::is_email;
pub(super) use mime_type::is_mime_type;
pub(super) use phone_number::is_phone_number;
pub(super) use url::is_url;
