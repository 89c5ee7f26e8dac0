/** The time zones that Streamkap knows for a MySQL or MariaDB connection, in its order; SERVER is the server's own. */
export const TIME_ZONES = `
  SERVER UTC Africa/Cairo Asia/Riyadh Africa/Casablanca Asia/Seoul Africa/Harare Asia/Shanghai Africa/Monrovia
  Asia/Singapore Africa/Nairobi Asia/Taipei Africa/Tripoli Asia/Tehran Africa/Windhoek Asia/Tokyo
  America/Araguaina Asia/Ulaanbaatar America/Asuncion Asia/Vladivostok America/Bogota Asia/Yakutsk
  America/Buenos_Aires Asia/Yerevan America/Caracas Atlantic/Azores America/Chihuahua Australia/Adelaide
  America/Cuiaba Australia/Brisbane America/Denver Australia/Darwin America/Fortaleza Australia/Hobart
  America/Guatemala Australia/Perth America/Halifax Australia/Sydney America/Manaus Brazil/East
  America/Matamoros Canada/Newfoundland America/Monterrey Canada/Saskatchewan America/Montevideo Canada/Yukon
  America/Phoenix Europe/Amsterdam America/Santiago Europe/Athens America/Tijuana Europe/Dublin Asia/Amman
  Europe/Helsinki Asia/Ashgabat Europe/Istanbul Asia/Baghdad Europe/Kaliningrad Asia/Baku Europe/Moscow
  Asia/Bangkok Europe/Paris Asia/Beirut Europe/Prague Asia/Calcutta Europe/Sarajevo Asia/Damascus
  Pacific/Auckland Asia/Dhaka Pacific/Fiji Asia/Irkutsk Pacific/Guam Asia/Jerusalem Pacific/Honolulu Asia/Kabul
  Pacific/Samoa Asia/Karachi US/Alaska Asia/Kathmandu US/Central Asia/Krasnoyarsk US/Eastern Asia/Magadan
  US/East-Indiana Asia/Muscat US/Pacific Asia/Novosibirsk
`
  .trim()
  .split(/\s+/) as [string, ...string[]];
