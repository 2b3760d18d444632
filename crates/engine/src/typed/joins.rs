//! Typed questions over several tables: what is joined stands in a tuple with the rest.

use std::marker::PhantomData;

use wasm_dbms_api::{Column, Field, Join, JoinKind, Table};

use crate::Connection;
use crate::typed::Select;
use crate::typed::rows::{One, Optional, Part, Rows, Three, Two};
use crate::typed::select::bind;

impl<'c, C: Connection, T: Table> Select<'c, C, One<T>> {
    /// Joins the rows of table `B` whose column `right` equals `left`.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// let pairs: Vec<(User, Post)> = db.select::<User>().join(User::ID, Post::AUTHOR).all()?;
    /// assert_eq!(pairs.len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn join<B: Table>(
        self,
        left: Column<impl Table, impl Field>,
        right: Column<B, impl Field>,
    ) -> Select<'c, C, Two<T, B>> {
        self.joined::<B, _>(JoinKind::Inner, left, right)
    }

    /// Joins the rows of table `B` whose column `right` equals `left`; a row without such stays, with `None` beside it.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// #[derive(Table, Debug, PartialEq)]
    /// #[table = "users"]
    /// struct User {
    ///     #[primary_key]
    ///     id: u64,
    /// }
    ///
    /// #[derive(Table, Debug, PartialEq)]
    /// #[table = "posts"]
    /// struct Post {
    ///     #[primary_key]
    ///     id: u64,
    ///     author: u64,
    /// }
    ///
    /// let db = Database::in_memory();
    /// db.create_table(User::schema())?;
    /// db.create_table(Post::schema())?;
    /// db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// db.insert(&Post { id: 10, author: 2 })?;
    ///
    /// let with_posts: Vec<(User, Option<Post>)> =
    ///     db.select::<User>().left_join(User::ID, Post::AUTHOR).order_by(User::ID.asc()).all()?;
    /// assert_eq!(with_posts, [(User { id: 1 }, None), (User { id: 2 }, Some(Post { id: 10, author: 2 }))]);
    ///
    /// // A filter sees the columns of a row that is missing as NULL.
    /// let idle = db.select::<User>().left_join(User::ID, Post::AUTHOR).filter(Post::ID.is_null()).all()?;
    /// assert_eq!(idle, [(User { id: 1 }, None)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn left_join<B: Table>(
        self,
        left: Column<impl Table, impl Field>,
        right: Column<B, impl Field>,
    ) -> Select<'c, C, Two<T, Optional<B>>> {
        self.joined::<B, _>(JoinKind::Left, left, right)
    }
}

impl<'c, C: Connection, A: Part, B: Part> Select<'c, C, Two<A, B>> {
    /// Joins the rows of table `D` whose column `right` equals `left`.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "tags"]
    /// # struct Tag {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     post: u64,
    /// # }
    /// # db.create_table(Tag::schema())?;
    /// db.insert(&Tag { id: 100, post: 10 })?;
    /// let tagged = db.select::<User>().join(User::ID, Post::AUTHOR).join(Post::ID, Tag::POST).all()?;
    /// assert_eq!(tagged, [(User { id: 1 }, Post { id: 10, author: 1 }, Tag { id: 100, post: 10 })]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn join<D: Table>(
        self,
        left: Column<impl Table, impl Field>,
        right: Column<D, impl Field>,
    ) -> Select<'c, C, Three<A, B, D>> {
        self.joined::<D, _>(JoinKind::Inner, left, right)
    }

    /// Joins the rows of table `D` whose column `right` equals `left`; a row without such stays, with `None` beside it.
    ///
    /// ```
    /// # use wasm_dbms::prelude::*;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "users"]
    /// # struct User {
    /// #     #[primary_key]
    /// #     id: u64,
    /// # }
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "posts"]
    /// # struct Post {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     #[foreign_key(table = "users", column = "id")]
    /// #     author: u64,
    /// # }
    /// # #[derive(DatabaseSchema)]
    /// # #[tables(User = "users", Post = "posts")]
    /// # struct Blog;
    /// # let db = Database::in_memory().with_schema::<Blog>()?;
    /// # db.insert_many(&[User { id: 1 }, User { id: 2 }])?;
    /// # db.insert_many(&[Post { id: 10, author: 1 }, Post { id: 11, author: 1 }])?;
    /// # #[derive(Table, Debug, PartialEq)]
    /// # #[table = "tags"]
    /// # struct Tag {
    /// #     #[primary_key]
    /// #     id: u64,
    /// #     post: u64,
    /// # }
    /// # db.create_table(Tag::schema())?;
    /// let tagged = db.select::<User>().join(User::ID, Post::AUTHOR).left_join(Post::ID, Tag::POST).all()?;
    /// assert!(tagged.iter().all(|(_, _, tag)| tag.is_none()));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn left_join<D: Table>(
        self,
        left: Column<impl Table, impl Field>,
        right: Column<D, impl Field>,
    ) -> Select<'c, C, Three<A, B, Optional<D>>> {
        self.joined::<D, _>(JoinKind::Left, left, right)
    }
}

impl<'c, C: Connection, R: Rows> Select<'c, C, R> {
    fn joined<B: Table, S: Rows>(
        mut self,
        kind: JoinKind,
        left: Column<impl Table, impl Field>,
        right: Column<B, impl Field>,
    ) -> Select<'c, C, S> {
        self.binders.push(bind::<B>);
        let join = Join::equal(kind, B::schema().name.as_str(), left.reference(), right.reference());
        Select {
            connection: self.connection,
            query: self.query.join_with(join),
            binders: self.binders,
            rows: PhantomData,
        }
    }
}
