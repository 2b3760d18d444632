//! Two stores that implement one half of `MemoryAccess` each.

use wasm_dbms::{Encode, MemoryAccess, MemoryError, MemoryResult, Page, PageOffset, PageRef, RESERVED_PAGES};

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
    pages: Vec<Vec<u8>>,
}

impl NineMethods {
    const PAGE_SIZE: usize = 4096;

    pub(crate) fn new() -> Self {
        Self { pages: vec![vec![0; Self::PAGE_SIZE]; RESERVED_PAGES as usize] }
    }

    pub(crate) fn page_count(&self) -> Page {
        self.pages.len() as Page
    }

    fn bytes(&mut self, page: Page, offset: PageOffset, length: u64) -> MemoryResult<&mut [u8]> {
        let pages = self.page_count();
        let bytes = self.pages.get_mut(page as usize).ok_or(MemoryError::PageOutOfRange { page, pages })?;
        let range = offset as usize..offset as usize + length as usize;
        let page_size = Self::PAGE_SIZE as u64;
        bytes.get_mut(range).ok_or(Box::new(MemoryError::OutOfBounds { page, offset, length, page_size }))
    }

    fn footprint<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<&mut [u8]> {
        if !offset.is_multiple_of(E::ALIGNMENT) {
            return Err(Box::new(MemoryError::Misaligned { page, offset, alignment: E::ALIGNMENT }));
        }
        self.bytes(page, offset, u64::from(value.size()).next_multiple_of(E::ALIGNMENT.into()))
    }
}

impl MemoryAccess for NineMethods {
    fn page_size(&self) -> u64 {
        Self::PAGE_SIZE as u64
    }

    fn grow_one_page(&mut self) -> MemoryResult<Page> {
        self.pages.push(vec![0; Self::PAGE_SIZE]);
        Ok(self.page_count() - 1)
    }

    fn zero_page(&mut self, page: Page) -> MemoryResult<()> {
        self.bytes(page, 0, Self::PAGE_SIZE as u64).map(|bytes| bytes.fill(0))
    }

    fn read_at<D: Encode>(&mut self, page: Page, offset: PageOffset) -> MemoryResult<D> {
        let length = (Self::PAGE_SIZE as u64).saturating_sub(offset.into());
        self.bytes(page, offset, length).and_then(|bytes| D::decode((&*bytes).into()))
    }

    fn write_at<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<()> {
        let bytes = self.footprint(page, offset, value)?;
        bytes.fill(0);
        bytes[..value.size() as usize].copy_from_slice(&value.encode());
        Ok(())
    }

    fn write_at_raw(&mut self, page: Page, offset: PageOffset, bytes: &[u8]) -> MemoryResult<()> {
        self.bytes(page, offset, bytes.len() as u64).map(|target| target.copy_from_slice(bytes))
    }

    fn zero<E: Encode>(&mut self, page: Page, offset: PageOffset, value: &E) -> MemoryResult<()> {
        self.footprint(page, offset, value).map(|bytes| bytes.fill(0))
    }

    fn zero_raw(&mut self, page: Page, offset: PageOffset, length: PageOffset) -> MemoryResult<()> {
        self.bytes(page, offset, length.into()).map(|bytes| bytes.fill(0))
    }

    fn read_at_raw(&mut self, page: Page, offset: PageOffset, buffer: &mut [u8]) -> MemoryResult<usize> {
        let length = buffer.len().min(Self::PAGE_SIZE.saturating_sub(offset as usize));
        buffer[..length].copy_from_slice(self.bytes(page, offset, length as u64)?);
        Ok(length)
    }
}
