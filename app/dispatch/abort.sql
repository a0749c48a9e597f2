-- Take away what a cut stream wrote. It was never counted and never claimable: its batch could not start meanwhile.
-- In:  upload (aborted, of this transaction's tenant).
-- Out: nothing. The function checks that the upload was aborted; nobody may delete these rows otherwise.
SELECT remove_aborted_upload_v1(:upload)
