/** Whether a value is that of a sound settings file. */
export const Settings: (value: unknown) => boolean
