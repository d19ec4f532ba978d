/** `npm test -- --strict` takes the longer way where a test has one. */
export const thorough = process.env["INQUEST_TEST_STRICT"] === "1";
