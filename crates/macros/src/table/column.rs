//! A field and its attributes: one column.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, Field, Meta, Path, Type, Visibility};

use super::attributes::earlier_names;
use super::check::CheckAttribute;
use super::default;
use super::foreign_key::ForeignKey;
use super::index::IndexAttribute;
use super::migrate;
use super::rule::{self, Rule, RuleKind};
use crate::errors::Errors;
use crate::types::{may_be_integer, option_inner};

/// A column as its field says it.
pub(super) struct ColumnInput<'a> {
    pub(super) visibility: &'a Visibility,
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    pub(super) name: String,
    /// The attributes that say all by being there.
    pub(super) primary_key: Option<&'a Attribute>,
    pub(super) autoincrement: Option<&'a Attribute>,
    pub(super) unique: Option<IndexAttribute>,
    pub(super) index: Option<IndexAttribute>,
    pub(super) foreign_key: Option<ForeignKey>,
    /// The default, as an expression of the column's type.
    pub(super) default: Option<TokenStream>,
    pub(super) renamed_from: Vec<String>,
    /// The functions that make values of earlier types those of this one.
    pub(super) migrations: Vec<Path>,
    /// `#[custom_type]`: the type derives `CustomDataType`.
    pub(super) custom_type: Option<&'a Attribute>,
    /// The sanitizers and validators, in the order written.
    pub(super) rules: Vec<Rule>,
    pub(super) checks: Vec<CheckAttribute>,
}

impl<'a> ColumnInput<'a> {
    /// The column; `None` if the field has no name.
    pub(super) fn parse(field: &'a Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let mut column = Self {
            visibility: &field.vis,
            ident,
            ty: &field.ty,
            name: ident.unraw().to_string(),
            primary_key: None,
            autoincrement: None,
            unique: None,
            index: None,
            foreign_key: None,
            default: None,
            renamed_from: Vec::new(),
            migrations: Vec::new(),
            custom_type: None,
            rules: Vec::new(),
            checks: Vec::new(),
        };
        for attribute in &field.attrs {
            if let Some(word) = attribute.path().get_ident() {
                errors.keep(column.apply(attribute, &word.to_string()));
            }
        }
        column.check(errors);
        Some(column)
    }

    /// Whether an insert may leave the value to the database.
    pub(super) fn is_optional(&self) -> bool {
        self.autoincrement.is_some() || self.default.is_some()
    }

    fn apply(&mut self, attribute: &'a Attribute, word: &str) -> syn::Result<()> {
        match word {
            "primary_key" => set(&mut self.primary_key, attribute, alone(attribute, word)?),
            "autoincrement" => set(&mut self.autoincrement, attribute, alone(attribute, word)?),
            "unique" => set(&mut self.unique, attribute, IndexAttribute::of_field(attribute, true, self.ident)?),
            "index" => set(&mut self.index, attribute, IndexAttribute::of_field(attribute, false, self.ident)?),
            "foreign_key" => set(&mut self.foreign_key, attribute, ForeignKey::of_field(attribute, self.ident)?),
            "default" => set(&mut self.default, attribute, default::parse(attribute, self.ty)?),
            "renamed_from" => {
                self.renamed_from.extend(earlier_names(attribute)?);
                Ok(())
            }
            "migrate" => {
                self.migrations.extend(migrate::parse(attribute)?);
                Ok(())
            }
            "custom_type" => set(&mut self.custom_type, attribute, alone(attribute, word)?),
            "sanitizer" => self.add_rules(attribute, RuleKind::Sanitizer),
            "validate" => self.add_rules(attribute, RuleKind::Validator),
            "check" => {
                self.checks.push(CheckAttribute::parse(attribute)?);
                Ok(())
            }
            "table" => Err(syn::Error::new_spanned(attribute, "`#[table]` belongs on the struct")),
            _ => Ok(()),
        }
    }

    fn add_rules(&mut self, attribute: &Attribute, kind: RuleKind) -> syn::Result<()> {
        self.rules.extend(rule::parse(attribute, kind, self.ty)?);
        Ok(())
    }

    fn check(&self, errors: &mut Errors) {
        let nullable = option_inner(self.ty).is_some();
        if nullable && self.primary_key.is_some() {
            errors.add(self.ty, "a primary key is never NULL: its type is no `Option`");
        }
        let Some(attribute) = self.autoincrement else { return };
        if nullable {
            errors.add(self.ty, "an `#[autoincrement]` column is never NULL: its type is no `Option`");
        } else if !may_be_integer(self.ty) {
            errors.add(self.ty, "an `#[autoincrement]` column holds an integer");
        }
        for sanitizer in self.rules.iter().filter(|rule| rule.is_sanitizer()) {
            errors.add(sanitizer.word(), "no sanitizer changes what an `#[autoincrement]` column counts");
        }
        if self.default.is_some() {
            errors.add(attribute, "`#[autoincrement]` and `#[default]` both choose the value: keep one");
        }
    }
}

/// Takes what an attribute says, once.
fn set<T>(place: &mut Option<T>, attribute: &Attribute, value: T) -> syn::Result<()> {
    match place.replace(value) {
        Some(_) => Err(syn::Error::new_spanned(attribute, "this attribute is there twice")),
        None => Ok(()),
    }
}

/// The attribute, if it has no arguments.
fn alone<'a>(attribute: &'a Attribute, word: &str) -> syn::Result<&'a Attribute> {
    match &attribute.meta {
        Meta::Path(_) => Ok(attribute),
        _ => Err(syn::Error::new_spanned(attribute, format!("on a field, `#[{word}]` stands alone"))),
    }
}
