extern crate wasm_dbms_api as wasm_dbms;

use wasm_dbms_macros::Table;

#[derive(Table)]
#[table = "a"]
#[check]
#[check()]
#[check(name = "no condition")]
#[check(id > 1, id < 5)]
#[check(id > 1, name = "")]
#[check(id > 1, name = "x", name = "y")]
#[check(id = 5)]
#[check(age > 5)]
#[check(1 < 2)]
#[check(id > 1 && nmae == "x")]
#[check(lenght(name) > 2)]
#[check(id == None)]
#[check(id ^ 1 == 2)]
#[check((id + 1))]
#[check(id.is_empty())]
#[check(id.between(1))]
#[check(id.in_list(1, 2))]
#[check(id.in_list(5))]
#[check(id == 'x')]
#[check(id < 340282366920938463463374607431768211456)]
#[check(price < 1.00000000000000000000000000001)]
#[check(if id > 1 { true } else { false })]
#[check(id > 2, name = "twice")]
#[check(id > 3, name = "twice")]
struct Wrong {
    #[check(*id > 1)]
    id: u64,
    name: String,
    price: wasm_dbms::Decimal,
}

fn main() {}
