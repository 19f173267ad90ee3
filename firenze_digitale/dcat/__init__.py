"""The catalogue of public immaterial assets as other catalogues read it: DCAT-AP_IT, a profile of the EU's DCAT-AP."""
