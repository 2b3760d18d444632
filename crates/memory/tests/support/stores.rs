//! Two stores that implement one half of `MemoryAccess` each, and a value with padding.

use std::borrow::Cow;

use wasm_dbms_api::prelude::*;
use wasm_dbms_memory::{MemoryAccess, PageRef, RESERVED_PAGES};

/// An interceptor of four functions: it forwards nothing else, neither states nor marks.
pub(crate) struct FourFunctions<M>(pub(crate) M);

impl<M: MemoryAccess> MemoryAccess for FourFunctions<M> {
    fn page_size(&self) -> u64 {
        self.0.page_size()
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        self.0.grow_one_page()
    }

    fn page(&mut self, page: Page) -> MemoryResult<PageRef> {
        self.0.page(page)
    }

    fn edit<R>(&mut self, page: Page, change: impl FnOnce(&mut [u8]) -> R) -> MemoryResult<R> {
        self.0.edit(page, change)
    }
}

/// A store that has never heard of `page` and `edit`.
pub(crate) struct NineMethods {
    pages: Vec<[u8; Self::PAGE_SIZE]>,
}

impl NineMethods {
    const PAGE_SIZE: usize = 4096;

    pub(crate) fn new() -> Self {
        Self { pages: vec![[0; Self::PAGE_SIZE]; RESERVED_PAGES as usize] }
    }

    fn bytes(&mut self, page: Page, offset: PageOffset, length: u64) -> MemoryResult<&mut [u8]> {
        let pages = self.pages.len() as Page;
        let bytes = self.pages.get_mut(page as usize).ok_or(MemoryError::PageOutOfRange { page, pages })?;
        let page_size = Self::PAGE_SIZE as u64;
        let range = offset as usize..offset as usize + length as usize;
        bytes.get_mut(range).ok_or(Box::new(MemoryError::OutOfBounds { page, offset, length, page_size }))
    }

    fn footprint<E: Encode>(value: &E) -> u64 {
        u64::from(value.size().next_multiple_of(E::ALIGNMENT))
    }
}

impl MemoryAccess for NineMethods {
    fn page_size(&self) -> u64 {
        Self::PAGE_SIZE as u64
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        self.pages.push([0; Self::PAGE_SIZE]);
        Ok(self.pages.len() as Page - 1)
    }

    fn zero_page(&mut self, page: Page) -> MemoryResult<()> {
        self.bytes(page, 0, Self::PAGE_SIZE as u64).map(|bytes| bytes.fill(0))
    }

    fn read_at<D: Encode>(&mut self, page: Page, offset: PageOffset) -> MemoryResult<D> {
        let rest = Self::PAGE_SIZE as u64 - u64::from(offset);
        D::decode(Cow::Borrowed(self.bytes(page, offset, rest)?))
    }

    fn write_at<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<()> {
        let bytes = self.bytes(page, offset, Self::footprint(value))?;
        bytes.fill(0);
        bytes[..value.size() as usize].copy_from_slice(&value.encode());
        Ok(())
    }

    fn write_at_raw(&mut self, page: Page, offset: PageOffset, bytes: &[u8]) -> MemoryResult<()> {
        self.bytes(page, offset, bytes.len() as u64).map(|target| target.copy_from_slice(bytes))
    }

    fn zero<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<()> {
        self.bytes(page, offset, Self::footprint(value)).map(|bytes| bytes.fill(0))
    }

    fn zero_raw(&mut self, page: Page, offset: PageOffset, length: PageOffset) -> MemoryResult<()> {
        self.bytes(page, offset, length.into()).map(|bytes| bytes.fill(0))
    }

    fn read_at_raw(&mut self, page: Page, offset: PageOffset, buffer: &mut [u8]) -> MemoryResult<usize> {
        let length = buffer.len().min(Self::PAGE_SIZE - offset as usize);
        buffer[..length].copy_from_slice(self.bytes(page, offset, length as u64)?);
        Ok(length)
    }
}

/// Five bytes that stand on multiples of eight; the first byte must be 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Five(pub(crate) [u8; 4]);

impl Encode for Five {
    const SIZE: DataSize = DataSize::Fixed(5);
    const ALIGNMENT: PageOffset = 8;

    fn size(&self) -> PageOffset {
        5
    }

    fn encode(&self) -> Cow<'_, [u8]> {
        let [a, b, c, d] = self.0;
        Cow::Owned(vec![5, a, b, c, d])
    }

    fn decode(bytes: Cow<'_, [u8]>) -> MemoryResult<Self> {
        match bytes.first_chunk() {
            Some([5, a, b, c, d]) => Ok(Self([*a, *b, *c, *d])),
            _ => Err(Box::new(MemoryError::Decode { expected: "Five", found: "other bytes".into() })),
        }
    }
}
