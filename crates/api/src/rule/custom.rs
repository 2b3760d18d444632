//! Rules of the program's own: traits to write them, and the list that a database asks.

use std::any::TypeId;

use crate::{ConversionError, Field, Value, ValueRef};

/// A sanitizer of the program's own. A column names it by `#[sanitizer(with(NoVowels))]`, the schema by its
/// [`NAME`](Self::NAME).
///
/// Applied to what it has returned it should return the same: a row that is written again goes through it again.
///
/// ```
/// use wasm_dbms_api::Sanitize;
///
/// struct NoVowels;
///
/// impl Sanitize for NoVowels {
///     const NAME: &'static str = "no_vowels";
///     type Value = String;
///
///     fn sanitize(text: String) -> String {
///         text.replace(['a', 'e', 'i', 'o', 'u'], "")
///     }
/// }
///
/// assert_eq!(NoVowels::sanitize("database".into()), "dtbs");
/// ```
pub trait Sanitize: 'static {
    /// The name that is stored with the table.
    const NAME: &'static str;

    /// What the column holds, without its `Option`: NULL is never asked about.
    type Value: Field;

    /// What the value becomes.
    fn sanitize(value: Self::Value) -> Self::Value;
}

/// A validator of the program's own. A column names it by `#[validate(with(Even))]`, the schema by its
/// [`NAME`](Self::NAME).
///
/// ```
/// use wasm_dbms_api::Validate;
///
/// struct Even;
///
/// impl Validate for Even {
///     const NAME: &'static str = "even";
///     type Value = u32;
///
///     fn validate(number: &u32) -> Result<(), String> {
///         if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
///     }
/// }
///
/// assert!(Even::validate(&3).is_err());
/// ```
pub trait Validate: 'static {
    /// The name that is stored with the table.
    const NAME: &'static str;

    /// What the column holds, without its `Option`: NULL is never asked about.
    type Value: Field;

    /// Whether the value may stand there.
    ///
    /// # Errors
    /// Why it may not, in words for the one who gave it.
    fn validate(value: &Self::Value) -> Result<(), String>;
}

/// A [`Sanitize`] without its type.
#[derive(Debug, Clone, Copy)]
pub struct CustomSanitizer {
    name: &'static str,
    type_id: TypeId,
    apply: fn(ValueRef<'_>) -> Result<Value, ConversionError>,
}

/// A [`Validate`] without its type.
#[derive(Debug, Clone, Copy)]
pub struct CustomValidator {
    name: &'static str,
    type_id: TypeId,
    check: fn(ValueRef<'_>) -> Result<Result<(), String>, ConversionError>,
}

impl CustomSanitizer {
    /// What the value becomes.
    ///
    /// ```
    /// use wasm_dbms_api::{CustomRules, Sanitize, Value, ValueRef};
    ///
    /// # struct Half;
    /// #
    /// # impl Sanitize for Half {
    /// #     const NAME: &'static str = "half";
    /// #     type Value = u32;
    /// #
    /// #     fn sanitize(number: u32) -> u32 {
    /// #         number / 2
    /// #     }
    /// # }
    /// #
    /// let rules = CustomRules::default().sanitizer::<Half>();
    /// assert_eq!(rules.find_sanitizer("half").unwrap().apply(ValueRef::Integer(8)), Ok(Value::Integer(4)));
    /// ```
    ///
    /// # Errors
    /// [`ConversionError`] if it is not of the type that the sanitizer takes.
    pub fn apply(&self, value: ValueRef<'_>) -> Result<Value, ConversionError> {
        (self.apply)(value)
    }
}

impl CustomValidator {
    /// Whether the value may stand there, or why it may not.
    ///
    /// ```
    /// use wasm_dbms_api::{CustomRules, Validate, Value, ValueRef};
    ///
    /// # struct Even;
    /// #
    /// # impl Validate for Even {
    /// #     const NAME: &'static str = "even";
    /// #     type Value = u32;
    /// #
    /// #     fn validate(number: &u32) -> Result<(), String> {
    /// #         if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
    /// #     }
    /// # }
    /// #
    /// let rules = CustomRules::default().validator::<Even>();
    /// let even = rules.find_validator("even").unwrap();
    /// assert_eq!(even.check(ValueRef::Integer(4)), Ok(Ok(())));
    /// assert!(even.check(ValueRef::Text("four")).is_err());
    /// ```
    ///
    /// # Errors
    /// [`ConversionError`] if it is not of the type that the validator takes.
    pub fn check(&self, value: ValueRef<'_>) -> Result<Result<(), String>, ConversionError> {
        (self.check)(value)
    }
}

/// The rules of the program's own that a database knows.
///
/// ```
/// use wasm_dbms_api::{CustomRules, Validate, ValueRef};
///
/// struct Even;
///
/// impl Validate for Even {
///     const NAME: &'static str = "even";
///     type Value = u32;
///
///     fn validate(number: &u32) -> Result<(), String> {
///         if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
///     }
/// }
///
/// let rules = CustomRules::default().validator::<Even>();
/// let even = rules.find_validator("even").unwrap();
/// assert_eq!(even.check(ValueRef::Integer(3)), Ok(Err("it is odd".to_owned())));
/// ```
#[derive(Debug, Clone, Default)]
pub struct CustomRules {
    sanitizers: Vec<CustomSanitizer>,
    validators: Vec<CustomValidator>,
}

impl CustomRules {
    /// Adds a sanitizer.
    ///
    /// ```
    /// use wasm_dbms_api::{CustomRules, Sanitize, Value};
    ///
    /// # struct Half;
    /// #
    /// # impl Sanitize for Half {
    /// #     const NAME: &'static str = "half";
    /// #     type Value = u32;
    /// #
    /// #     fn sanitize(number: u32) -> u32 {
    /// #         number / 2
    /// #     }
    /// # }
    /// #
    /// assert!(CustomRules::default().sanitizer::<Half>().find_sanitizer("half").is_some());
    /// ```
    #[must_use]
    pub fn sanitizer<S: Sanitize>(mut self) -> Self {
        let apply = |value: ValueRef<'_>| Ok(Value::from(S::sanitize(S::Value::from_value(value)?)));
        self.sanitizers.push(CustomSanitizer { name: S::NAME, type_id: TypeId::of::<S>(), apply });
        self
    }

    /// Adds a validator.
    ///
    /// ```
    /// use wasm_dbms_api::{CustomRules, Validate, Value};
    ///
    /// # struct Even;
    /// #
    /// # impl Validate for Even {
    /// #     const NAME: &'static str = "even";
    /// #     type Value = u32;
    /// #
    /// #     fn validate(number: &u32) -> Result<(), String> {
    /// #         if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
    /// #     }
    /// # }
    /// #
    /// assert!(CustomRules::default().validator::<Even>().find_validator("even").is_some());
    /// ```
    #[must_use]
    pub fn validator<V: Validate>(mut self) -> Self {
        let check = |value: ValueRef<'_>| Ok(V::validate(&V::Value::from_value(value)?));
        self.validators.push(CustomValidator { name: V::NAME, type_id: TypeId::of::<V>(), check });
        self
    }

    /// Adds those of `others`. Returns the name that two of them share, if they are not the same rule.
    ///
    /// ```
    /// use wasm_dbms_api::{CustomRules, Sanitize, Validate, Value};
    ///
    /// # struct Even;
    /// #
    /// # impl Validate for Even {
    /// #     const NAME: &'static str = "even";
    /// #     type Value = u32;
    /// #
    /// #     fn validate(number: &u32) -> Result<(), String> {
    /// #         if number % 2 == 0 { Ok(()) } else { Err("it is odd".into()) }
    /// #     }
    /// # }
    /// #
    /// # struct Half;
    /// #
    /// # impl Sanitize for Half {
    /// #     const NAME: &'static str = "half";
    /// #     type Value = u32;
    /// #
    /// #     fn sanitize(number: u32) -> u32 {
    /// #         number / 2
    /// #     }
    /// # }
    /// #
    /// let mut rules = CustomRules::default().validator::<Even>();
    /// rules.merge(&CustomRules::default().sanitizer::<Half>().validator::<Even>()).unwrap();
    /// assert!(rules.find_sanitizer("half").is_some());
    /// ```
    ///
    /// # Errors
    /// That name; then nothing is added.
    pub fn merge(&mut self, others: &Self) -> Result<(), &'static str> {
        let (mut sanitizers, mut validators) = (self.sanitizers.clone(), self.validators.clone());
        for other in &others.sanitizers {
            match sanitizers.iter().find(|rule| rule.name == other.name) {
                None => sanitizers.push(*other),
                Some(rule) if rule.type_id == other.type_id => {}
                Some(_) => return Err(other.name),
            }
        }
        for other in &others.validators {
            match validators.iter().find(|rule| rule.name == other.name) {
                None => validators.push(*other),
                Some(rule) if rule.type_id == other.type_id => {}
                Some(_) => return Err(other.name),
            }
        }
        *self = Self { sanitizers, validators };
        Ok(())
    }

    /// Adds those of `others` without a look at their names: [`merge`](Self::merge) has it. What the derives write.
    #[doc(hidden)]
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.sanitizers.extend(others.sanitizers);
        self.validators.extend(others.validators);
        self
    }

    /// The sanitizer of this name.
    ///
    /// ```
    /// use wasm_dbms_api::CustomRules;
    ///
    /// assert!(CustomRules::default().find_sanitizer("half").is_none());
    /// ```
    pub fn find_sanitizer(&self, name: &str) -> Option<&CustomSanitizer> {
        self.sanitizers.iter().find(|rule| rule.name == name)
    }

    /// The validator of this name.
    ///
    /// ```
    /// use wasm_dbms_api::CustomRules;
    ///
    /// assert!(CustomRules::default().find_validator("even").is_none());
    /// ```
    pub fn find_validator(&self, name: &str) -> Option<&CustomValidator> {
        self.validators.iter().find(|rule| rule.name == name)
    }
}
