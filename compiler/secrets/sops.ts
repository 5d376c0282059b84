/** @see https://getsops.io/docs/#encryption-protocol */
const encrypted = /^ENC\[AES256_GCM,data:[^\]]*\]$/

/** Whether a value is one that SOPS encrypted. */
export function isEncrypted(text: string): boolean {
  return encrypted.test(text)
}

/** Whether a document was encrypted with SOPS, whole or in part. */
export function isSopsDocument(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { sops } = value as { sops?: unknown }
  if (typeof sops !== 'object' || sops === null) return false
  const { mac, version } = sops as { mac?: unknown; version?: unknown }
  return typeof mac === 'string' && typeof version === 'string'
}
