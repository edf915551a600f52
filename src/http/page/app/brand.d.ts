/** What the server makes of the section `pages` of its configuration. */
declare const brand: {
  /** What the service is called. */
  name: string;
  /** Whether there is a picture at `app/logo`. */
  logo: boolean;
  /** A line on top of the page. */
  notice: string | null;
  /** Whether a number without a plus is one of Russia. */
  russian_numbers: boolean;
  /** Whether `app/message/` tells what came by SMS. */
  shows_messages: boolean;
};
export default brand;
